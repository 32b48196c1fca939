// JSON Schema of a TypeScript type, as JSON.stringify writes its values. Strict: what the type does not name is refused, and so
// is a type whose values JSON cannot hold. Descriptions are the docstrings of properties and types.
import { SyntaxKind } from 'typescript/unstable/ast'
import { SymbolFlags, TypeFlags } from 'typescript/unstable/sync'
import { fieldWords } from './field-words.mjs'

/** The schema of a type, and those of the named types in it by name. */
export function schemaOf(project, type) {
  const writer = new Writer(project, type)
  return { schema: writer.schema(type), definitions: sorted(writer.definitions) }
}

const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))

/** Types of the standard library of which the result is shown, not the name. */
const operators = new Set(['Pick', 'Omit', 'Record', 'Readonly', 'Partial', 'Exclude', 'Extract', 'Required'])

/** What a type means that is only another name for text or number: the checker forgets such names. */
const meanings = {
  Hex: { type: 'string', pattern: '^([0-9a-f]{2})*$' },
  Milliseconds: { type: 'number' },
}

/** Properties that tell the types of a union apart, the first that does. */
const tags = ['type', 'kind', 'result']

const is = (flags) => (type) => (type.flags & flags) !== 0
const isUndefined = is(TypeFlags.Undefined)
const isText = is(TypeFlags.TemplateLiteral)
const isObject = is(TypeFlags.Object | TypeFlags.Intersection)
const isConstant = is(TypeFlags.StringLiteral | TypeFlags.NumberLiteral | TypeFlags.Null)

class Writer {
  definitions = {}
  #project
  #checker
  #root
  #known = new Map()

  constructor(project, root) {
    this.#project = project
    this.#checker = project.checker
    this.#root = root
  }

  /** A reference where the type has a name of its own, and else its schema. */
  named(type) {
    if (type.id === this.#root.id) return { $ref: '#' }
    const name = this.#nameOf(type)
    if (name === undefined) return this.schema(type)
    const known = this.#known.get(name)
    if (known !== undefined && known !== type.id) throw new Error(`two different types are called ${name}`)
    if (known === undefined) {
      this.#known.set(name, type.id)
      const about = this.#about(type.getAliasSymbol() ?? type.getSymbol())
      if (!about.description) throw new Error(`the type ${name} is printed with --json and has no docstring`)
      this.definitions[name] = { ...about, ...this.schema(type) }
    }
    return { $ref: `#/$defs/${name}` }
  }

  schema(type) {
    if (type.isUnionType()) return this.#union(type.getTypes().filter((part) => !isUndefined(part)))
    if (isConstant(type)) return { const: constantOf(type) }
    if (is(TypeFlags.BooleanLiteral)(type)) return { const: this.#checker.typeToString(type) === 'true' }
    if (isText(type)) return { type: 'string', pattern: `^${patternOf(type)}$` }
    if (is(TypeFlags.String)(type)) return { type: 'string' }
    if (is(TypeFlags.Number)(type) || isBrandedNumber(type)) return { type: 'integer' }
    if (this.#checker.isTupleType(type)) return this.#tuple(type)
    if (this.#checker.isArrayType(type)) return { type: 'array', items: this.named(this.#itemOf(type)) }
    if (isObject(type)) return this.#object(type)
    throw new Error(`JSON does not hold ${this.#checker.typeToString(type)}`)
  }

  #nameOf(type) {
    const alias = type.getAliasSymbol()
    if (alias) return operators.has(alias.name) || type.getAliasTypeArguments().length > 0 ? undefined : alias.name
    return type.isClassOrInterface() && !this.#checker.isArrayType(type) ? type.getSymbol().name : undefined
  }

  /** A list of so many values, each of its own kind. */
  #tuple(type) {
    const items = this.#checker.getTypeArguments(type).map((item) => this.named(item))
    return { type: 'array', prefixItems: items, minItems: items.length, items: false }
  }

  #itemOf(type) {
    return this.#checker.getTypeArguments(type)[0]
  }

  #union(types) {
    if (types.length === 1) return this.named(types[0])
    if (types.every(isConstant)) return { enum: types.map(constantOf) }
    if (types.every(isText)) return { type: 'string', pattern: `^(${types.map(patternOf).join('|')})$` }
    if (types.every(isObject)) return this.#alternatives(types)
    const isFlag = is(TypeFlags.BooleanLiteral)
    const others = types.filter((type) => !isFlag(type)).map((type) => this.named(type))
    const all = [...(types.some(isFlag) ? [{ type: 'boolean' }] : []), ...others].map(asType)
    return all.length === 1 ? all[0] : { anyOf: all }
  }

  #alternatives(types) {
    const propertyName = tags.find((name) => this.#tellsApart(types, name))
    const branches = this.#asDeclared(types).map((type) => this.#branch(type))
    if (propertyName === undefined) return { anyOf: branches }
    return { type: 'object', required: [propertyName], discriminator: { propertyName }, oneOf: branches }
  }

  /** In the order of the sources: the checker has one of its own. */
  #asDeclared(types) {
    const places = new Map(types.map((type) => [type, this.#placeOf(type)]))
    return types.toSorted((a, b) => (places.get(a) < places.get(b) ? -1 : 1))
  }

  #placeOf(type) {
    const node = this.#declarationOf(partsOf(type).at(-1).getSymbol())
    return node ? `${node.getSourceFile().fileName} ${String(node.pos).padStart(8)}` : ''
  }

  #tellsApart(types, name) {
    const values = types.flatMap((type) => this.#constantsOf(type, name))
    return values.every((value) => value !== undefined) && new Set(values).size === values.length
  }

  /** Undefined is among them where it may have other values. */
  #constantsOf(type, name) {
    const property = this.#checker.getPropertyOfType(type, name)
    if (!property) return [undefined]
    const values = this.#checker.getTypeOfSymbol(property)
    return (values.isUnionType() ? values.getTypes() : [values]).map((one) =>
      isConstant(one) ? constantOf(one) : undefined,
    )
  }

  /** A type without a name is described by the comment above it in the union. */
  #branch(type) {
    const schema = this.named(type)
    const description = partsOf(type)
      .map((part) => commentAbove(this.#declarationOf(part.getSymbol())))
      .find((text) => text !== undefined)
    return schema.$ref || description === undefined ? schema : { description, ...schema }
  }

  #object(type) {
    const symbols = this.#checker.getPropertiesOfType(type)
    if (symbols.length === 0) return this.#record(type)
    const properties = inOrder(symbols)
      .map((symbol) => [symbol, this.#property(symbol)])
      .filter(([, schema]) => schema)
    const required = properties.filter(([symbol]) => this.#isAlwaysThere(symbol)).map(([{ name }]) => name)
    return {
      type: 'object',
      properties: Object.fromEntries(properties.map(([{ name }, schema]) => [name, schema])),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    }
  }

  /** JSON.stringify leaves out what is undefined. */
  #isAlwaysThere(symbol) {
    const type = this.#checker.getTypeOfSymbol(symbol)
    return !(symbol.flags & SymbolFlags.Optional) && !(type.isUnionType() && type.getTypes().some(isUndefined))
  }

  /** Undefined for what JSON.stringify leaves out. */
  #property(symbol) {
    const type = this.#checker.getTypeOfSymbol(symbol)
    const parts = type.isUnionType() ? type.getTypes() : [type]
    if (parts.every((part) => isUndefined(part) || this.#checker.getPropertyOfType(part, 'toJSON'))) return undefined
    const node = this.#declarationOf(symbol)?.type
    const schema = meanings[node?.getText()] ?? this.named(this.#asWritten(type, node))
    const about = this.#about(symbol)
    const isClear = about.description || 'const' in schema || schema.$ref
    return isClear ? { ...about, ...schema } : { description: wordsFor(symbol), ...schema }
  }

  /** `?: LinkTarget` has become a union with undefined, which has lost its name. */
  #asWritten(type, node) {
    const written = node && this.#checker.getTypeFromTypeNode(node)
    const ids = (it) =>
      (it.isUnionType() ? it.getTypes() : [it]).filter((part) => !isUndefined(part)).map(({ id }) => id)
    return written && String(ids(written)) === String(ids(type)) ? written : type
  }

  /** Any number of keys, maybe of some form. */
  #record(type) {
    const rows = this.#checker.getIndexInfosOfType(type)
    if (rows.length === 0) throw new Error(`JSON does not hold ${this.#checker.typeToString(type)}`)
    const [{ keyType, valueType }] = rows
    if (!isText(keyType)) return { type: 'object', additionalProperties: this.named(valueType) }
    const pattern = `^(${rows.map((row) => patternOf(row.keyType)).join('|')})$`
    return { type: 'object', patternProperties: { [pattern]: this.named(valueType) }, additionalProperties: false }
  }

  /** The docstring, and what the values of a union of constants mean where comments above them say it. */
  #about(symbol) {
    const own = symbol.getDocumentationComment(this.#checker)
    const description = [own, ...commentedValues(this.#declarationOf(symbol)?.type)]
      .map(oneLine)
      .filter(Boolean)
      .join(' ')
    return description === '' ? {} : { description }
  }

  #declarationOf(symbol) {
    return symbol && (symbol.valueDeclaration ?? symbol.declarations[0])?.resolve(this.#project)
  }
}

/** What tells a document from others stands first. */
const inOrder = (symbols) => {
  const rank = ({ name }) => [...tags, 'version'].indexOf(name) >>> 0
  return symbols.toSorted((a, b) => rank(a) - rank(b))
}

function wordsFor(symbol) {
  const words = fieldWords[symbol.name]
  if (words) return words
  const field = `${symbol.getParent()?.name ?? ''}.${symbol.name}`
  throw new Error(
    `the field ${field} is printed with --json and has neither a docstring nor a row in scripts/field-words.mjs`,
  )
}

const partsOf = (type) => (type.isIntersectionType() ? type.getTypes() : [type])

const isBrandedNumber = (type) => type.isIntersectionType() && type.getTypes().some(is(TypeFlags.Number))

const constantOf = (type) => (is(TypeFlags.Null)(type) ? null : type.value)

/** One value is a type, too, where several are listed. */
const asType = (schema) => (schema.const === null ? { type: 'null' } : schema)

/** The form of a text like `map.${string}`. */
function patternOf(type) {
  const [first = '', ...rest] = type.texts.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
  const parts = type.getTypes()
  return rest.reduce((all, text, i) => `${all}${is(TypeFlags.Number)(parts[i]) ? '[0-9]+' : '.*'}${text}`, first)
}

const oneLine = (text) => text.replaceAll(/\s+/g, ' ').trim()

/** `value`: what it means, for each type of a union that has a comment above it and is a constant. */
function commentedValues(node) {
  if (!node?.types?.every((part) => part.literal)) return []
  return [...node.types].flatMap((part) => {
    const comment = commentIn(node, part)
    return comment === undefined ? [] : [`\`${part.getText().slice(1, -1)}\`: ${comment}`]
  })
}

/** The docstring above the alternative of a union that a type is, or is a part of. */
function commentAbove(node) {
  for (let at = node; at?.parent; at = at.parent) {
    if (at.parent.types && isUnion(at.parent)) return commentIn(at.parent, at)
  }
  return undefined
}

/** It stands before the bar. */
function commentIn(union, part) {
  const index = [...union.types].indexOf(part)
  const start = index > 0 ? union.types[index - 1].end : union.pos
  const comments = [
    ...part
      .getSourceFile()
      .text.slice(start, part.getStart())
      .matchAll(/\/\*\*(.*?)\*\//gs),
  ]
  const last = comments.at(-1)?.[1]
  return last === undefined ? undefined : oneLine(last.replaceAll(/^\s*\*/gm, ''))
}

const isUnion = ({ kind }) => kind === SyntaxKind.UnionType
