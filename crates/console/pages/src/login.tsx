// Signing in with a name and a password, or by a provider that vouches for people.

import { useState } from "preact/hooks";
import { code, send, useAnswer } from "./api";
import type { Session } from "./contract";
import { Trouble } from "./parts";
import { leave, type Route } from "./route";
import { useWords } from "./words";

/** Why a sign-in by the provider came back without anybody: what else stands in the address is not shown. */
const REFUSED = ["no-role", "provider-away", "provider-denied", "provider-unbelieved", "sign-in-over", "too-many"];

/** Longest name of a user, as the server has it. */
const NAME_MAX = 100;

export function Login({ route, signedIn }: { route: Route; signedIn: (session: Session) => void }) {
  const words = useWords();
  const refused = route.query.get("refused") ?? "";
  const [error, setError] = useState(REFUSED.includes(refused) ? refused : undefined);
  const [isSending, setSending] = useState(false);
  const provider = useAnswer<{ title?: string }>("provider").answer?.title;
  const sent = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.target as HTMLFormElement);
    setSending(true);
    try {
      signedIn(await send<Session>("POST", "session", { name: fields.get("name"), password: fields.get("password") }));
    } catch (refused) {
      setError(code(refused));
      setSending(false);
    }
  };
  return (
    <div class="sheet narrow">
      <h1>{words.text("sign-in")}</h1>
      {error && <Trouble code={error} />}
      {provider && (
        <>
          <p><a class="button main" data-test="provider" href="/api/v1/provider/begin" onClick={leave}>{words.text("sign-in-by", { provider })}</a></p>
          <h2>{words.text("sign-in-here")}</h2>
        </>
      )}
      <form class="fields" onSubmit={sent}>
        <label>{words.text("user-name")}<input name="name" autocomplete="username" required maxLength={NAME_MAX} spellcheck={false} autocapitalize="none" /></label>
        <label>{words.text("password")}<input name="password" type="password" autocomplete="current-password" required maxLength={1024} /></label>
        <div class="actions"><button class={provider ? undefined : "main"} type="submit" disabled={isSending}>{words.text("sign-in")}</button></div>
      </form>
    </div>
  );
}
