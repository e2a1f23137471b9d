/** The project's own files, and what a TypeScript or JavaScript file refers to outside itself. */
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import ts from 'typescript';

export const ROOT = join(import.meta.dirname, '../..');
/** Made by tools, or other people's. */
const NOT_OURS = new Set(['node_modules', 'dist', '.cache', '.git', 'coverage']);

/** Path below the root -> text, of every file below `folder` whose name `wanted` accepts. */
export async function projectFiles(folder: string, wanted: (path: string) => boolean): Promise<Map<string, string>> {
  const entries = await readdir(join(ROOT, folder), { withFileTypes: true });
  const files = new Map<string, string>();
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory() && !NOT_OURS.has(entry.name)) {
      for (const [below, text] of await projectFiles(path, wanted)) files.set(below, text);
    } else if (entry.isFile() && !NOT_OURS.has(entry.name) && wanted(path))
      files.set(path, await readFile(join(ROOT, path), 'utf8'));
  }
  return files;
}

export interface Reference {
  readonly line: number;
  /** Path below the root without its ending, the name of a package, or null for a computed import. */
  readonly target: string | null;
  readonly kind: 'file' | 'package' | 'computed';
}

/** Every import, export-from, import type, require and dynamic import of a file. */
export function referencesOf(path: string, text: string): readonly Reference[] {
  const found: Reference[] = [];
  const source = parse(path, text);
  const add = (node: ts.Node, specifier: ts.Node | undefined): void => {
    const line = lineOf(source, node);
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) {
      found.push({ line, target: null, kind: 'computed' });
    } else if (specifier.text.startsWith('.')) {
      const target = posix.join(posix.dirname(path), specifier.text).replace(/\.[mc]?[jt]s$/, '');
      found.push({ line, target, kind: 'file' });
    } else found.push({ line, target: specifier.text, kind: 'package' });
  };
  visit(source, (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier);
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node, node.moduleSpecifier);
    else if (ts.isExternalModuleReference(node)) add(node, node.expression);
    else if (ts.isImportTypeNode(node)) add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node);
    else if (ts.isCallExpression(node) && isImport(node)) add(node, node.arguments[0]);
  });
  return found;
}

/** Lines that use one of these globals: `process`, or `Date.now` where only that member counts. */
export function globalsUsed(path: string, text: string, names: readonly string[]): readonly string[] {
  const source = parse(path, text);
  const found: string[] = [];
  visit(source, (node) => {
    if (!ts.isIdentifier(node) || isName(node)) return;
    const whole = ts.isPropertyAccessExpression(node.parent) ? `${node.text}.${node.parent.name.text}` : node.text;
    const name = names.find((wanted) => wanted === node.text || wanted === whole);
    if (name !== undefined) found.push(`${path}:${lineOf(source, node)} uses ${name}`);
  });
  return found;
}

/** A member, key or declared name of that spelling is not the global. */
function isName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  const named = parent as { readonly name?: ts.Node };
  return named.name === node || ts.isTypeReferenceNode(parent) || ts.isImportSpecifier(parent);
}

/** A module has no require of its own; one with anything but a module's name is somebody's function. */
function isImport({ expression, arguments: given }: ts.CallExpression): boolean {
  if (expression.kind === ts.SyntaxKind.ImportKeyword) return true;
  const named = given.length === 1 && ts.isStringLiteralLike(given[0]!);
  return ts.isIdentifier(expression) && expression.text === 'require' && named;
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  node.forEachChild((child) => visit(child, see));
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
