import { setImmediate } from 'node:timers/promises';

/** Between two parts of a long computation: lets the answers of simulator processes in. */
export async function othersTurn(): Promise<void> {
  await setImmediate();
}
