/** Who the page is for the server, and how the connection is. */
import { websocketService } from "./client/client.mjs";
import { find, say } from "./elements.mjs";

/** Where the access token is kept, for as long as the tab is open. */
const PLACE = "coda access token";

const STATES = {
  connecting: ["…", "Connecting"],
  authenticating: ["…", "Signing in"],
  connected: ["✓", "Connected"],
  reconnecting: ["…", "Connecting again"],
  disconnected: ["–", "Not connected"],
  failed: ["✗", "Not connected"],
};
const REASONS = {
  user: "you have ended the connection",
  unreachable: "the server cannot be reached",
  refused: "the server does not let this page in",
  no_method: "the server offers no method of signing in that this page can use",
  version: "the server speaks another version of the protocol",
  auth_failed: "the access token was refused",
  token_expired: "the access token has expired",
  token_revoked: "the access token was revoked",
  token_lost: "the newest access token was lost; get another one",
  timeout: "signing in took too long",
  lost: "the connection was lost",
  gap: "events were missing",
  shutdown: "the server was shut down",
  busy: "the server has no room, or this page read too slowly",
  rate_limited: "too many messages were sent",
  fault: "the server found fault with this page",
  closed: "the server closed the connection",
};

/** What a state is for people; those without a reason have none. */
export function sentenceOf(state, reason) {
  const [, text] = STATES[state];
  return reason === undefined ? text : `${text}: ${REASONS[reason] ?? reason}`;
}

/**
 * Keeps one client at a time. `tell(notice)` hears what it tells, `WebSocket` is the class of its
 * connection to the `address`, and `backoffScale` multiplies its waits.
 */
export class SignIn {
  service = null;
  #tell;
  #address;
  #options;

  constructor({ tell, address = addressOf(location), ...options }) {
    this.#tell = tell;
    this.#address = address;
    this.#options = options;
    find("sign-in").addEventListener("submit", (event) => {
      event.preventDefault();
      this.begin(find("token").value.trim() || null);
    });
    find("sign-out").addEventListener("click", () => this.end());
    addEventListener("pagehide", () => this.service?.disconnect());
    addEventListener("pageshow", ({ persisted }) => persisted && this.begin(sessionStorage.getItem(PLACE)));
  }

  /** Connects, with the access token that is kept, or with none. */
  resume() {
    this.begin(sessionStorage.getItem(PLACE));
  }

  /** Connects with an access token, or without one if it is null. */
  begin(token) {
    let service;
    const onToken = (newest) => sessionStorage.setItem(PLACE, newest);
    try {
      service = websocketService(this.#address, { ...this.#options, onToken, token: token ?? undefined });
    } catch {
      find("token").setAttribute("aria-invalid", "true");
      return say(find("token-fault"), "This is no access token: it has the form token_id.secret.");
    }
    find("token").removeAttribute("aria-invalid");
    find("token").value = "";
    say(find("token-fault"), "");
    this.service?.disconnect();
    if (token === null) sessionStorage.removeItem(PLACE);
    else sessionStorage.setItem(PLACE, token);
    this.service = service;
    say(find("identity"), "–");
    say(find("method"), token === null ? "without an access token" : "with an access token");
    service.addNoticeListener((notice) => this.service === service && this.#hear(notice));
    service.connect().catch(() => {}); // the state says it
  }

  /** Ends the connection, and forgets the access token. */
  end() {
    sessionStorage.removeItem(PLACE);
    this.service?.disconnect();
  }

  #hear(notice) {
    if (notice.notice === "state") this.#show(notice);
    this.#tell(notice);
  }

  #show({ state, reason, detail }) {
    const [mark] = STATES[state];
    document.body.dataset.state = state;
    say(find("state-mark"), mark);
    const wanted = detail?.methods?.join(", ");
    say(find("state"), sentenceOf(state, reason) + (wanted ? ` (it offers ${wanted.slice(0, 200)})` : ""));
    find("sign-out").disabled = state === "disconnected" || state === "failed";
  }
}

/** The WebSocket at the address of the page. */
function addressOf(place) {
  const address = new URL(".", place.href);
  address.protocol = place.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
