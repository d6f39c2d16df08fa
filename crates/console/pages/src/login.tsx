// Signing in with a name and a password.

import { useState } from "preact/hooks";
import { code, send } from "./api";
import type { Session } from "./contract";
import { Trouble } from "./parts";
import { useWords } from "./words";

export function Login({ signedIn }: { signedIn: (session: Session) => void }) {
  const words = useWords();
  const [error, setError] = useState<string>();
  const [isSending, setSending] = useState(false);
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
      <form class="fields" onSubmit={sent}>
        <label>{words.text("user-name")}<input name="name" autocomplete="username" required maxLength={64} spellcheck={false} autocapitalize="none" /></label>
        <label>{words.text("password")}<input name="password" type="password" autocomplete="current-password" required maxLength={1024} /></label>
        {error && <Trouble code={error} />}
        <div class="actions"><button class="main" type="submit" disabled={isSending}>{words.text("sign-in")}</button></div>
      </form>
    </div>
  );
}
