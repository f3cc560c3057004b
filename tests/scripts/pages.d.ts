// What the scripts of the pages find in the browser beside its own interfaces: events of htmx and of our own, htmx itself.
interface DocumentEventMap {
  "htmx:after:swap": CustomEvent;
  "htmx:response:error": CustomEvent;
  "htmx:error": CustomEvent;
  "ses:toast": CustomEvent<{ text: string; kind?: string }>;
}
declare const htmx: { process(element: Element): void; trigger(element: Element, name: string): void };
/** The parts of the strike form: each script adds its own (store, local, send, unsent, draft). */
declare var sesr: any;
