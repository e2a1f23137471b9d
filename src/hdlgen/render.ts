/**
 * Handlebars, made safe: strict only notices a missing name when it is printed, so every path of the parsed
 * template (both branches of each #if, each element of each #each) is first resolved against the view.
 */
import Handlebars from 'handlebars';
import { SystoleError } from '../base/error.js';

export type ViewValue = string | number | boolean | View | readonly ViewValue[];
export interface View {
  readonly [name: string]: ViewValue;
}

const OPTIONS = { strict: true, noEscape: true, knownHelpersOnly: true, preventIndent: true };
const LOOP_DATA = ['index', 'first', 'last'];

/** The printed text. Errors: project-invalid with the template, line and path that its view does not hold. */
export function renderTemplate(name: string, text: string, view: View): string {
  checkTemplate(name, text, view);
  return Handlebars.compile<View>(text, OPTIONS)(view);
}

/** Resolves every path of the template; see renderTemplate. Only print, #each, #if and #unless are allowed. */
export function checkTemplate(name: string, text: string, view: View): void {
  checkProgram(Handlebars.parse(text), { name, contexts: [view] });
}

interface Scope {
  readonly name: string;
  /** Innermost last; #each pushes one. */
  readonly contexts: readonly ViewValue[];
}

function checkProgram(program: hbs.AST.Program | undefined, scope: Scope): void {
  if (program === undefined || program === null) return;
  if (program.blockParams && program.blockParams.length > 0) refuse(scope, program, 'block parameters');
  for (const statement of program.body) checkStatement(statement, scope);
}

function checkStatement(statement: hbs.AST.Statement, scope: Scope): void {
  if (statement.type === 'ContentStatement' || statement.type === 'CommentStatement') return;
  if (isMustache(statement)) checkPrint(statement, scope);
  else if (isBlock(statement)) checkBlock(statement, scope);
  else refuse(scope, statement, statement.type);
}

function checkPrint(statement: hbs.AST.MustacheStatement, scope: Scope): void {
  if (!isPath(statement.path) || statement.params.length > 0) refuse(scope, statement, 'a helper call');
  const value = resolve(statement.path, scope);
  const printable = typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
  if (!printable) refuse(scope, statement, `${statement.path.original}, which is neither text nor a finite number`);
}

function checkBlock(block: hbs.AST.BlockStatement, scope: Scope): void {
  const [subject] = block.params;
  const kind = block.path.original;
  if (block.params.length !== 1 || subject === undefined || !isPath(subject)) refuse(scope, block, `#${kind}`);
  const value = resolve(subject, scope);
  if (kind === 'if' || kind === 'unless') {
    if (typeof value !== 'boolean') refuse(scope, block, `#${kind} ${subject.original}, which is not a boolean`);
    checkProgram(block.program, scope);
  } else if (kind === 'each') {
    if (!isList(value)) refuse(scope, block, `#each ${subject.original}, which is not a list`);
    for (const item of value) checkProgram(block.program, { ...scope, contexts: [...scope.contexts, item] });
  } else {
    refuse(scope, block, `#${kind}`);
  }
  checkProgram(block.inverse, scope);
}

function resolve(path: hbs.AST.PathExpression, scope: Scope): ViewValue {
  if (path.data) {
    const known = path.parts.length === 1 && LOOP_DATA.includes(path.parts[0]!) && scope.contexts.length > 1;
    if (!known) refuse(scope, path, path.original);
    return path.parts[0] === 'index' ? 0 : true;
  }
  let value = scope.contexts[scope.contexts.length - 1 - path.depth];
  for (const part of path.parts) {
    value = isView(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value ?? refuse(scope, path, path.original);
}

function refuse(scope: Scope, node: hbs.AST.Node, what: string): never {
  throw new SystoleError('project-invalid', `the template ${scope.name} cannot use ${what} with this view`, {
    where: `${scope.name}:${node.loc?.start.line ?? 1}`,
    hint: 'this is a defect of Systole',
  });
}

const isMustache = (node: hbs.AST.Node): node is hbs.AST.MustacheStatement => node.type === 'MustacheStatement';
const isBlock = (node: hbs.AST.Node): node is hbs.AST.BlockStatement => node.type === 'BlockStatement';
const isPath = (node: hbs.AST.Node): node is hbs.AST.PathExpression => node.type === 'PathExpression';
const isList = (value: ViewValue | undefined): value is readonly ViewValue[] => Array.isArray(value);
const isView = (value: ViewValue | undefined): value is View =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
