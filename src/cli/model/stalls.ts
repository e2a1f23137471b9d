/** Random stalls of verify and regress: the chance in each cycle that a beat is not offered, or not taken. */
export const STALLS = { input: 0.4, output: 0.4 } as const;
