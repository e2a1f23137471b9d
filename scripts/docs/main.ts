/** `npm run docs`: the pages that the code itself writes. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { operatorsPage } from './operators-page.js';

/** From dist/scripts/docs. */
const PAGE = fileURLToPath(new URL('../../../docs/operators.md', import.meta.url));

writeFileSync(PAGE, operatorsPage());
console.log('docs/operators.md');
