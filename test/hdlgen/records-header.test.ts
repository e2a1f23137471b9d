import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RECORD_FIELDS } from '../../src/arch/program/records.js';
import { recordsHeader } from '../../src/hdlgen/records-header.js';

test('the committed systole_records.vh is the one printed from the table of records', () => {
  const committed = readFileSync(new URL('../../templates/rtl/systole_records.vh', import.meta.url), 'utf8');
  expect(committed).toBe(recordsHeader());
});

test('every macro of the records header is defined once', () => {
  const names = [...recordsHeader().matchAll(/^`define (\w+)/gm)].map((match) => match[1]);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name?.startsWith('SYSTOLE_FEED_')).length).toBe(RECORD_FIELDS.feed.length + 1);
});
