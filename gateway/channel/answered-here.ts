/** What a front-end answers itself, without asking its back-end. */
import type { Exchange } from '../exchange.ts';
import { servicePlaceOf } from '../steps/own-service.ts';

/** True for our own documents, views and services, and for function sets of a fleet. */
export function isAnsweredHere(exchange: Exchange): boolean {
  const { document, view, set, url } = exchange.target;
  if (document !== undefined || view !== undefined || set !== undefined) return true;
  return servicePlaceOf(exchange, url) !== undefined;
}
