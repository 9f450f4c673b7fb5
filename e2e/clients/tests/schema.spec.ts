// The conventions of the committed schema, which clients are written against: one input for each mutation, a payload with
// errors, lists as Relay's connections, and nothing that a refusal would empty the whole answer by.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type GraphQLObjectType, buildSchema, isNonNullType, isObjectType } from 'graphql';
import { REPOSITORY } from '../../browser/support/process.ts';

const schema = buildSchema(readFileSync(join(REPOSITORY, 'api/schema.graphql'), 'utf8'));
const objects = Object.values(schema.getTypeMap()).filter(
  (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
);
const mutations = Object.values(schema.getMutationType()!.getFields());

test('a mutation has one input, and a nullable payload with errors', () => {
  for (const { name, args, type } of mutations) {
    const Name = name[0]!.toUpperCase() + name.slice(1);
    const told = args.map((argument) => `${argument.name}: ${argument.type}`);
    assert.ok(told.length === 0 || told.join() === `input: ${Name}Input!`, `${name}(${told})`);
    assert.equal(String(type), `${Name}Payload`);
    const payload = schema.getType(`${Name}Payload`) as GraphQLObjectType;
    assert.equal(String(payload.getFields().errors?.type), '[UserError!]!', name);
  }
});

test('a connection is what Relay says, with nodes and a count', () => {
  const connections = objects.filter(({ name }) => name.endsWith('Connection'));
  assert.ok(connections.length > 5);
  for (const { name } of connections) {
    const node = name.slice(0, -'Connection'.length);
    const fields = Object.values((schema.getType(name) as GraphQLObjectType).getFields());
    const told = fields.map((field) => `${field.name}: ${field.type}`).sort();
    const edge = `${node}Edge`;
    const named = (schema.getType(edge) as GraphQLObjectType).getFields();
    assert.deepEqual(
      told,
      [`edges: [${edge}!]!`, `nodes: [${String(named.node!.type)}]!`, 'pageInfo: PageInfo!', 'totalCount: Int!'],
      name,
    );
    assert.equal(String(named.cursor!.type), 'String!', name);
  }
});

test('a list that can be long has pages', () => {
  for (const object of objects) {
    for (const { name, args, type } of Object.values(object.getFields())) {
      // A search shows the best few.
      if (name === 'search' || !/Connection!?$/.test(String(type))) continue;
      const told = args.map((argument) => argument.name);
      assert.ok(told.includes('first') && told.includes('after'), `${object.name}.${name}(${told})`);
    }
  }
});

test('who asks reads a sentence for everything', () => {
  for (const object of objects) {
    for (const { name, description } of Object.values(object.getFields())) {
      assert.ok(description, `${object.name}.${name}`);
    }
  }
});

test('one refusal does not empty the whole answer', () => {
  // Whoever is nobody gets nothing of these anyway.
  const whole = ['viewer', 'organisation', 'signInMethods', 'search', 'explain'];
  const query = Object.values(schema.getQueryType()!.getFields());
  const strict = query.filter(({ type }) => isNonNullType(type)).map(({ name }) => name);
  assert.deepEqual(strict.filter((name) => !whole.includes(name)), []);
});
