//! `lancang tokens`: from a value to its tokens, for a named case (alerts.md, *Who can read what*).
//!
//! **Invariant:** nobody is told a token before the audit file says who asked, and for which case.

use std::io::{self, Read as _, Write as _};

use anyhow::Context as _;
use lancang_alert::token::Token;
use lancang_record::number::E164;
use serde_json::json;

use super::serve;
use crate::cli::{FindTokens, Form, TokenKind, Tokens};
use crate::columns::{Columns, Mark};
use crate::evidence::audit;
use crate::exit::{Exit, Failure};
use crate::secret;
use crate::service::relay;

/// Most values of one question: a case's, not a population's.
const VALUES_MAX: usize = 100;
/// Longest standard input, bytes.
const INPUT_BYTES_MAX: u64 = 64 << 10;
/// Digits of an IMSI (ITU-T E.212), and of an IMEI without its check digit (3GPP TS 23.003, 6.2).
const IMSI_DIGITS: usize = 15;
const IMEI_DIGITS: usize = 14;

/// Runs the command.
///
/// # Errors
/// With exit status 65 for a line that is no such value, 74 if the audit file cannot be written, 78 for wrong files.
pub fn run(args: Tokens) -> anyhow::Result<()> {
    let Tokens::Find(args) = args;
    find(&args)
}

fn find(args: &FindTokens) -> anyhow::Result<()> {
    let config = serve::read_config(&args.config)?;
    let missing =
        || Failure::new(Exit::Configuration, "`[relay]` with its `epochs` is needed: tokens are made with their keys");
    let keys = secret::epoch_keys(config.relay.as_ref().ok_or_else(missing)?)?;
    let kind = args.kind.as_str();
    let mut text = String::new();
    io::stdin().take(INPUT_BYTES_MAX).read_to_string(&mut text).context("cannot read standard input")?;
    let values = values(&text, args.kind)?;
    let found: Vec<(usize, Token)> =
        values.iter().flat_map(|(line, value)| keys.ever(kind, value).map(move |token| (*line, token))).collect();

    let audit_file = args.audit.clone().unwrap_or_else(|| config.store.folder.join("audit.jsonl"));
    let tokens: Vec<&str> = found.iter().map(|(_, token)| token.token.as_str()).collect();
    let line = json!({
        "time": relay::now().to_string(), "action": "tokens found", "kind": kind, "case_reference": args.case,
        "requested_by": args.requested_by, "operating_user": std::env::var("USER").ok(), "values": values.len(),
        "tokens": tokens,
    });
    if args.audit.is_none() {
        // Nothing may have run here yet.
        std::fs::create_dir_all(&config.store.folder)
            .with_context(|| format!("cannot make the store folder {}", config.store.folder.display()))?;
    }
    audit::add(&audit_file, &line).map_err(|error| Failure::new(Exit::Io, format!("{error:#}: nothing is told")))?;
    tell(args, &found)
}

/// The values of the lines that are not empty, with their numbers.
fn values(text: &str, kind: TokenKind) -> anyhow::Result<Vec<(usize, &str)>> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let values: Vec<(usize, &str)> = lines.filter(|(_, line)| !line.is_empty()).collect();
    if values.is_empty() || values.len() > VALUES_MAX {
        let why = format!("standard input has {} values, expected 1 to {VALUES_MAX}, one a line", values.len());
        return Err(Failure::new(Exit::Data, why).into());
    }
    for (line, value) in &values {
        if let Some(expected) = wrong(kind, value) {
            let why = format!("standard input, line {line}: expected {expected}; nothing is told");
            return Err(Failure::new(Exit::Data, why).into());
        }
    }
    Ok(values)
}

/// What was expected, if a value is something else.
fn wrong(kind: TokenKind, value: &str) -> Option<&'static str> {
    let has_digits = |count| value.len() == count && value.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = || value.strip_prefix('+').and_then(E164::from_digits).is_some();
    // A sender may be a name; a run of digits that is none is a number without its country code.
    let is_name = || value.bytes().any(|byte| byte.is_ascii_alphabetic());
    match kind {
        TokenKind::Caller if !is_number() && !is_name() => {
            Some("a number with + and its country code, or a sender's name")
        }
        TokenKind::Callee if !is_number() => Some("a number with + and its country code"),
        TokenKind::Sim if !has_digits(IMSI_DIGITS) => Some("the 15 digits of an IMSI"),
        TokenKind::Device if !has_digits(IMEI_DIGITS) => Some("the first 14 digits of an IMEI"),
        _ => None,
    }
}

fn tell(args: &FindTokens, found: &[(usize, Token)]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if args.output == Form::Json {
        for (line, Token { token, key_id }) in found {
            writeln!(out, "{}", json!({ "line": line, "type": args.kind.as_str(), "key_id": key_id, "token": token }))?;
        }
        return Ok(());
    }
    let mut columns = Columns::new(&["line", "epoch", "token"]);
    for (line, Token { token, key_id }) in found {
        columns.row([line.to_string(), key_id.clone(), token.clone()].map(|cell| (cell, Mark::Plain)));
    }
    write!(out, "{}", columns.text_for(&io::stdout()))?;
    Ok(())
}
