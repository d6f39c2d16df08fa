//! `[relay]`, `[[relay.epochs]]` and `[keys]`: from text to checked values.

use std::path::Path;
use std::time::Duration;

use lancang_alert::{KeyKind, PublicKey};
use lancang_diagnostic::toml::{Placed, Table};
use lancang_record::codec::fields::parse_time;

use super::read::{duration_or, name_or, required_name};
use super::{Epoch, Keys, Relay};
use crate::secret::Secret;

pub(super) fn relay(table: Table<'_, '_>, folder: &Path) -> Relay {
    let default = Relay::default();
    let relay = Relay {
        group: name_or(&table, "group", &default.group),
        epochs: epochs(&table, folder),
        epoch_overlap: duration_or(&table, "epoch_overlap", default.epoch_overlap.as_millis() as u64),
        signing_key: required_secret(&table, folder, ["signing_key_file", "signing_key_env", "signing_key_command"]),
        policy: table.text("policy").map(|path| folder.join(path.value)),
        registry: table.text("registry").map(|path| folder.join(path.value)),
        portability: table.text("portability").map(|path| folder.join(path.value)),
        crowds: table.text("crowds").map(|path| folder.join(path.value)),
        budget_per_hour: table
            .integer("budget_per_hour", 1..=1_000_000)
            .map_or(default.budget_per_hour, |found| found.value as u32),
        budgets: budgets(&table),
        checkpoint_alerts: table
            .integer("checkpoint_alerts", 1..=10_000_000)
            .map_or(default.checkpoint_alerts, |found| found.value as u64),
        warning_retry: duration_or(&table, "warning_retry", default.warning_retry.as_millis() as u64),
    };
    table.finish();
    relay
}

/// `[[relay.epochs]]`; whether they fit together is for the keys themselves to say.
fn epochs(relay: &Table<'_, '_>, folder: &Path) -> Vec<Epoch> {
    let mut epochs = Vec::new();
    for table in relay.tables("epochs") {
        let id = required_name(&table, "id");
        let from = table.text("from").and_then(|text| {
            let from = parse_time("from", &text.value).ok();
            if from.is_none() {
                table.wrong(text.span, "from", "expected a time of RFC 3339, such as \"2026-12-01T00:00:00Z\"");
            }
            from
        });
        let key = required_secret(&table, folder, ["key_file", "key_env", "key_command"]);
        table.finish();
        if let (Some(id), Some(key)) = (id, key) {
            epochs.push(Epoch { id, from, key });
        }
    }
    if !relay.has("epochs") {
        relay.wrong(relay.span(), "epochs", "missing: expected at least one `[[relay.epochs]]` with `id` and a key");
    }
    epochs
}

/// A secret that must be there.
pub(super) fn required_secret(table: &Table<'_, '_>, folder: &Path, names: [&'static str; 3]) -> Option<Secret> {
    if !names.iter().any(|name| table.has(name)) {
        let [file, env, command] = names;
        table.wrong(table.span(), file, format!("expected one of `{file}`, `{env}` and `{command}`"));
    }
    secret(table, folder, names)
}

/// A secret in one of three places: a file, an environment variable, or a command's output.
pub(super) fn secret(table: &Table<'_, '_>, folder: &Path, names: [&'static str; 3]) -> Option<Secret> {
    let [file, env, command] = names;
    let arguments: Vec<String> = table.texts(command).into_iter().map(|argument| argument.value).collect();
    let found = [
        table.text(file).map(|path| Secret::File(folder.join(path.value))),
        table.text(env).map(|name| Secret::Env(name.value)),
        (!arguments.is_empty()).then_some(Secret::Command(arguments)),
    ];
    let mut found = found.into_iter().flatten();
    match (found.next(), found.next()) {
        (secret, None) => secret,
        _ => {
            table.wrong(table.span(), file, format!("expected one of `{file}`, `{env}` and `{command}`"));
            None
        }
    }
}

/// `[relay.budgets]`; whether there are such patterns is for `check` to say, which reads them.
fn budgets(table: &Table<'_, '_>) -> Vec<(Placed<String>, u32)> {
    let Some(table) = table.table("budgets") else { return Vec::new() };
    let budgets = table.named_integers(0..=1_000_000);
    budgets.into_iter().map(|(pattern, budget)| (pattern, budget.value as u32)).collect()
}

pub(super) fn keys(root: &Table<'_, '_>) -> Keys {
    let Some(table) = root.table("keys") else { return Keys::default() };
    let mut roots = Vec::new();
    for text in table.texts("roots") {
        match PublicKey::read(&text.value).ok().filter(|key| key.kind() == KeyKind::Root) {
            Some(key) => roots.push(key),
            None => table.wrong(text.span, "roots", "expected public halves of root keys, `lancang-root-public-v1 …`"),
        }
    }
    table.finish();
    Keys { roots, registry: None }
}

impl Default for Relay {
    fn default() -> Self {
        Self {
            group: "lancang-relay".to_owned(),
            epochs: Vec::new(),
            epoch_overlap: Duration::from_secs(7 * 86_400),
            signing_key: None,
            policy: None,
            registry: None,
            portability: None,
            crowds: None,
            budget_per_hour: 1000,
            budgets: Vec::new(),
            checkpoint_alerts: 100_000,
            warning_retry: Duration::from_secs(15 * 60),
        }
    }
}
