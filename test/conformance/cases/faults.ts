/** RFC 9110 15.6 and RFC 9209: what a client is told when upstream fails (P-21). */
import type { Case, Holds } from '../case.ts';

const fault = (status: number, error: string): Holds => ({
  status,
  fields: { 'proxy-status': new RegExp(`error=${error}\\b`), 'cache-control': /no-store/ },
});

export const FAULTS: readonly Case[] = [
  {
    rules: ['P-21'],
    clause: 'RFC 9209 2.3.5',
    title: 'A server that does not accept connections is a 502 with connection_refused',
    modes: ['prefix'],
    turns: [{ ask: { path: '/http://127.0.0.1:1/' }, holds: fault(502, 'connection_refused') }],
  },
  {
    rules: ['P-21'],
    clause: 'RFC 9209 2.3.5',
    title: 'A server that does not accept connections is a 502 or 503',
    modes: ['forward'],
    turns: [{ ask: { path: 'http://127.0.0.1:1/' }, holds: { status: [502, 503, 504] } }],
  },
  {
    rules: ['P-21'],
    clause: 'RFC 9209 2.3.18',
    title: 'An answer that is no HTTP is a 502 with http_protocol_error',
    turns: [{ answer: { raw: 'SSH-2.0-OpenSSH_9.2\r\n\r\n' }, holds: fault(502, 'http_protocol_error') }],
  },
  {
    rules: ['P-21'],
    clause: 'RFC 9112 6.3',
    title: 'An answer with two lengths is a 502',
    turns: [
      {
        answer: { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde' },
        holds: { status: 502 },
      },
    ],
  },
  {
    rules: ['P-21'],
    clause: 'RFC 9112 6.1',
    title: 'An answer with a length beside chunks is a 502',
    turns: [
      {
        answer: {
          raw: 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n',
        },
        holds: { status: 502 },
      },
    ],
  },
  {
    rules: ['P-21'],
    clause: 'RFC 9209 2.3.11',
    title: 'A connection that ends before any answer is a 502',
    turns: [{ answer: { raw: '' }, holds: { status: 502, fields: { 'proxy-status': /error=/ } } }],
  },
  {
    rules: ['P-21'],
    clause: 'RFC 9209 2.3.11',
    title: 'A page that breaks off before it could be changed is a 502 with http_response_incomplete',
    turns: [{ answer: { cutAfter: 1000 }, holds: fault(502, 'http_response_incomplete') }],
  },
  {
    rules: ['P-21', 'C-1'],
    clause: 'RFC 9112 8',
    title: 'A body that breaks off while it is passed on breaks off for the client too, and is not stored',
    turns: [
      {
        ask: { fields: { 'user-agent': 'curl/8.0', accept: '*/*' } },
        answer: { cutAfter: 1000, fields: { 'cache-control': 'max-age=600' } },
        holds: { check: ({ isCut, status }) => (isCut || status === 502 ? undefined : 'it ended as if it were whole') },
      },
      {
        ask: { fields: { 'user-agent': 'curl/8.0', accept: '*/*' } },
        answer: { fields: { 'cache-control': 'max-age=600' } },
        holds: { status: 200, body: 'same' },
      },
    ],
  },
  {
    rules: ['P-21'],
    clause: 'RFC 9209 2.3.19',
    title: 'A coding that is no such coding is a 502 with http_response_content_coding',
    turns: [
      {
        answer: { fields: { 'content-encoding': 'gzip' }, body: 'this is no gzip at all, '.repeat(20) },
        holds: fault(502, 'http_response_content_coding'),
      },
    ],
  },
  {
    rules: ['P-21', 'S-1'],
    clause: 'RFC 9209 2.3.4',
    title: 'A private address is a 403 with destination_ip_prohibited',
    modes: ['prefix'],
    turns: [
      { ask: { path: '/http://169.254.169.254/latest/meta-data/' }, holds: fault(403, 'destination_ip_prohibited') },
    ],
  },
  {
    rules: ['P-21', 'S-1'],
    clause: 'RFC 9209 2.3.4',
    title: 'A private address behind a proxy is refused',
    modes: ['forward'],
    turns: [{ ask: { path: 'http://169.254.169.254/latest/meta-data/' }, holds: { status: 403 } }],
  },
  {
    rules: ['P-3', 'P-21'],
    clause: 'RFC 9209 2.3.32',
    title: 'A loop is told as proxy_loop_detected',
    own: true,
    turns: [
      { holds: { fields: { via: /\S/ } } },
      { ask: { suffix: '/loop', fields: { via: '{was:via}' } }, holds: fault(508, 'proxy_loop_detected') },
    ],
  },
  {
    rules: ['P-21'],
    clause: 'RFC 9110 15.5.15',
    title: 'An address that is too long is a 414, fields that are too large a 431',
    turns: [
      { ask: { suffix: `/${'a'.repeat(12_000)}` }, holds: { status: [414, 431, 400], asked: 0 } },
      { ask: { fields: { 'x-large': 'a'.repeat(20_000) } }, holds: { status: [431, 400], asked: 0 } },
    ],
  },
];
