/**
 * Lets parse5 build the domhandler nodes that cheerio wraps, and counts them.
 *
 * The published adapter builds the nodes of another domhandler release than cheerio's and three attribute tables for
 * each element; this one builds one table, and finds siblings from the end, where the parser works.
 */

import type { ChildNode, ParentNode } from 'domhandler';
import {
  Comment,
  Document,
  Element,
  isComment,
  isDirective,
  isTag,
  isText,
  ProcessingInstruction,
  Text,
} from 'domhandler';
import { html, type Token, type TreeAdapter, type TreeAdapterTypeMap } from 'parse5';

/** How parse5 names the parts of a domhandler tree. */
export type DocumentTreeMap = TreeAdapterTypeMap<
  ChildNode | ParentNode,
  ParentNode,
  ChildNode,
  Document,
  Document,
  Element,
  Comment,
  Text,
  Element,
  ProcessingInstruction
>;

/** An adapter for one parse: how many nodes were made so far, the names of all elements among them, `[refresh]` where a `meta` leads elsewhere, and `[hidden]` where a part of the page waits under it for its place. */
export interface CountingAdapter extends TreeAdapter<DocumentTreeMap> {
  count: number;
  readonly names: Set<string>;
}

/** A fresh adapter, its count at 0. */
export function makeTreeAdapter(): CountingAdapter {
  const adapter: CountingAdapter = {
    count: 0,
    names: new Set(),
    isCommentNode: isComment,
    isElementNode: isTag,
    isTextNode: isText,
    isDocumentTypeNode: isDoctype,
    createDocument() {
      const document = new Document([]);
      document['x-mode'] = html.DOCUMENT_MODE.NO_QUIRKS;
      return document;
    },
    createDocumentFragment: () => new Document([]),
    createElement(name, namespace, attributes) {
      adapter.count++;
      adapter.names.add(name);
      for (const { name: key, value } of attributes) {
        if (key === 'hidden' && isStreamed(attributes)) adapter.names.add('[hidden]');
        else if (key === 'http-equiv' && /^\s*refresh\s*$/i.test(value)) adapter.names.add('[refresh]');
      }
      const element = new Element(name, attributeTable(attributes), []);
      element.namespace = namespace;
      return element;
    },
    createCommentNode(data) {
      adapter.count++;
      return new Comment(data);
    },
    createTextNode(value) {
      adapter.count++;
      return new Text(value);
    },
    appendChild,
    insertBefore,
    detachNode,
    insertText(parent, text) {
      const last = parent.children.at(-1);
      if (last !== undefined && isText(last)) last.data += text;
      else appendChild(parent, adapter.createTextNode(text));
    },
    insertTextBefore(parent, text, reference) {
      const before = reference.prev;
      if (before !== null && isText(before)) before.data += text;
      else insertBefore(parent, adapter.createTextNode(text), reference);
    },
    setTemplateContent: appendChild,
    getTemplateContent: (template) => template.children[0] as Document,
    setDocumentType,
    setDocumentMode(document, mode) {
      document['x-mode'] = mode;
    },
    getDocumentMode: (document) => document['x-mode'] as html.DOCUMENT_MODE,
    adoptAttributes(recipient, attributes) {
      for (const { name, value } of attributes) recipient.attribs[name] ??= value;
    },
    getFirstChild: (node) => node.children[0] ?? null,
    getChildNodes: (node) => node.children,
    getParentNode: (node) => node.parent,
    getAttrList: (element) => element.attributes,
    getTagName: (element) => element.name,
    getNamespaceURI: (element) => element.namespace as html.NS,
    getTextNodeContent: (node) => node.data,
    getCommentNodeContent: (node) => node.data,
    getDocumentTypeNodeName: (node) => node['x-name'] ?? '',
    getDocumentTypeNodePublicId: (node) => node['x-publicId'] ?? '',
    getDocumentTypeNodeSystemId: (node) => node['x-systemId'] ?? '',
    getNodeSourceCodeLocation: () => undefined,
    setNodeSourceCodeLocation() {},
    updateNodeSourceCodeLocation() {},
  };
  return adapter;
}

function isDoctype(node: ChildNode | ParentNode): node is ProcessingInstruction {
  return isDirective(node) && node.name === '!doctype';
}

/** A part that was sent out of order: `<div hidden id="S:0">`. */
function isStreamed(attributes: readonly Token.Attribute[]): boolean {
  return attributes.some(({ name, value }) => name === 'id' && /^S:/i.test(value));
}

// Without a prototype, so that an attribute called `__proto__` or `constructor` is an attribute (threat 59).
function attributeTable(attributes: readonly Token.Attribute[]): Record<string, string> {
  const table: Record<string, string> = Object.create(null);
  for (const { name, prefix, value } of attributes) table[prefix ? `${prefix}:${name}` : name] = value;
  return table;
}

function appendChild(parent: ParentNode, child: ChildNode): void {
  const last = parent.children.at(-1);
  if (last !== undefined) {
    last.next = child;
    child.prev = last;
  }
  parent.children.push(child);
  child.parent = parent;
}

// Foster parenting inserts before a table that is the last child: searching from the end keeps a page of it linear.
function insertBefore(parent: ParentNode, child: ChildNode, reference: ChildNode): void {
  const before = reference.prev;
  if (before !== null) {
    before.next = child;
    child.prev = before;
  }
  reference.prev = child;
  child.next = reference;
  parent.children.splice(parent.children.lastIndexOf(reference), 0, child);
  child.parent = parent;
}

function detachNode(node: ChildNode): void {
  if (node.parent === null) return;
  const { children } = node.parent;
  const { prev, next } = node;
  if (prev !== null) prev.next = next;
  if (next !== null) next.prev = prev;
  children.splice(children.lastIndexOf(node), 1);
  node.prev = null;
  node.next = null;
  node.parent = null;
}

function setDocumentType(document: Document, name: string, publicId: string, systemId: string): void {
  const old = document.children.find(isDoctype);
  const doctype = old ?? new ProcessingInstruction('!doctype', `!DOCTYPE ${name}`);
  doctype['x-name'] = name;
  doctype['x-publicId'] = publicId;
  doctype['x-systemId'] = systemId;
  if (old === undefined) appendChild(document, doctype);
}
