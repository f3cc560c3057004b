// What the scripts of the pages find in the browser beside its own interfaces: events of htmx and of our own, htmx itself,
// the scope of a service worker, and the parts of the strike form.
interface DocumentEventMap {
  "htmx:after:swap": CustomEvent;
  "htmx:response:error": CustomEvent;
  "htmx:error": CustomEvent;
  "ses:toast": CustomEvent<{ text: string; kind?: string }>;
  "sesr:fill": CustomEvent<StrikeBody>;
  "sesr:sent": CustomEvent<{ body: StrikeBody; receipt: StrikeReceipt }>;
}
declare const htmx: {
  process(element: Element): void;
  trigger(element: Element, name: string): void;
  swap(change: { target: Element; text: string; swap: string; sourceElement: Element }): Promise<void>;
};

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface ServiceWorkerScope {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void>; matchAll(): Promise<Array<{ postMessage(message: unknown): void }>> };
  addEventListener(name: "install" | "activate", work: (event: ExtendableEvent) => void): void;
  addEventListener(name: "sync", work: (event: ExtendableEvent & { tag: string }) => void): void;
  addEventListener(name: "message", work: (event: ExtendableEvent & { data: any }) => void): void;
  addEventListener(
    name: "fetch",
    work: (event: ExtendableEvent & { request: Request; respondWith(answer: Promise<Response>): void }) => void,
  ): void;
}
interface ServiceWorkerRegistration {
  sync?: { register(tag: string): Promise<void> };
}

interface StrikeForm extends HTMLFormElement {
  readonly elements: HTMLFormControlsCollection & Record<string, any>;
}
/** A report as the API takes it; blank is not zero, so that counts are texts as typed. */
interface StrikeBody {
  report_id: string;
  school_key: string;
  incident_id: string;
  day: string | null;
  counts: Record<string, string>;
  flags: Record<string, boolean | null>;
  counted_at: string;
  supersedes: string | null;
  [field: string]: any;
}
interface StrikeReceipt {
  report_id: string;
  number?: number;
  received_at: string;
  held?: boolean;
  [field: string]: any;
}
/** A report that waits on this device; `person` is an opaque key, `problem` why the server refused it. */
interface StrikeItem {
  body: StrikeBody;
  person: string;
  school: string;
  token?: string;
  problem?: string;
  problems?: Array<{ field?: string; message: string }>;
  code?: string;
}
interface StrikeResult {
  state: "sent" | "held" | "silent" | "waiting" | "sign-in" | "refused";
  receipt?: StrikeReceipt;
  problem?: any;
}
/** The parts of the strike form: each script adds its own. */
declare var sesr: {
  store: {
    all(): Promise<StrikeItem[]>;
    keep(item: StrikeItem): Promise<boolean>;
    drop(id: string): Promise<void>;
    works(): Promise<boolean>;
  };
  local: {
    read(person: string, key: string): any;
    write(person: string, key: string, value: object): void;
    remove(person: string, key: string): void;
    keepOnlyOf(person: string): void;
    removeAll(): void;
  };
  send: {
    flush(tell?: (item: StrikeItem, result: StrikeResult) => void): Promise<void>;
    askForLater(): Promise<void>;
    newId(): string;
    outcomeOf(id: string): StrikeResult["state"] | undefined;
    onChange(work: () => void): void;
  };
  unsent: {
    person: string;
    flush(): Promise<void>;
    show(): Promise<void>;
    hour(instant: string): string;
    element(name: string, text?: string, attributes?: Record<string, string>): HTMLElement;
  } | null;
  draft: {
    form: StrikeForm;
    value(name: string): string;
    fields(): Record<string, FormDataEntryValue>;
    fill(values: Record<string, any>): void;
    keep(): void;
    forget(): void;
    checkZero(): void;
    flags(): Record<string, boolean | null>;
    typed(): Record<string, string>;
    last(): any;
    started(body: StrikeBody): void;
    restore(): void;
  } | null;
};
