//! From CEL text to conditions: a well-kept crate parses, this module takes the stated subset.
//!
//! An error says where in the text it is, what was expected, and the nearest name.

use std::ops::Range as Span;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::parser::Parser;

use crate::expression::{Condition, Expression};
use crate::fields::{FLAGS, FlagField, KEYS, KeyField, NUMBERS, NumberField, TEXTS, TextField};
use crate::predicate::{Comparison, Predicate};

/// What is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Bytes of the condition's text.
    pub span: Span<usize>,
    /// What was expected.
    pub message: String,
    /// Nearest valid name.
    pub nearest: Option<String>,
}

type Parsed<T> = Result<T, SyntaxError>;

/// Functions over a record.
const FUNCTIONS: [&str; 3] = ["listed", "listed_pair", "listed_route"];

/// Reads a condition over one record.
///
/// # Errors
/// The first mistake.
pub fn predicate(text: &str) -> Parsed<Predicate> {
    let source = Source::parse(text)?;
    source.predicate(&source.root)
}

/// Reads a condition over an entity's values. `names` are the features, in the order of their values.
///
/// # Errors
/// The first mistake.
pub fn condition(text: &str, names: &[String]) -> Parsed<Condition> {
    let source = Source::parse(text)?;
    source.condition(&source.root, names)
}

/// Reads arithmetic over an entity's values.
///
/// # Errors
/// The first mistake.
pub fn expression(text: &str, names: &[String]) -> Parsed<Expression> {
    let source = Source::parse(text)?;
    source.expression(&source.root, names)
}

struct Source {
    root: IdedExpr,
    info: SourceInfo,
    length: usize,
}

enum Field {
    Text(TextField),
    Flag(FlagField),
    Number(NumberField),
}

impl Source {
    fn parse(text: &str) -> Parsed<Self> {
        match Parser::new().parse_with_source_info(text) {
            Ok((root, info)) => Ok(Self { root, info, length: text.len() }),
            Err(errors) => {
                let first = errors.errors.first();
                let message = first.map_or_else(|| "not a condition".to_owned(), |error| error.msg.clone());
                let at = first.map_or(0, |error| position(text, error.pos));
                Err(SyntaxError {
                    span: at..text.len().max(at).min(at + 1),
                    message: format!("not CEL: {message}"),
                    nearest: None,
                })
            }
        }
    }

    fn wrong<T>(&self, at: &IdedExpr, message: impl Into<String>) -> Parsed<T> {
        Err(SyntaxError { span: self.span(at), message: message.into(), nearest: None })
    }

    fn unknown<'a, T>(
        &self,
        at: &IdedExpr,
        what: &str,
        found: &str,
        valid: impl IntoIterator<Item = &'a str>,
    ) -> Parsed<T> {
        let nearest = lancang_diagnostic::nearest(found, valid).map(str::to_owned);
        Err(SyntaxError { span: self.span(at), message: format!("unknown {what} `{found}`"), nearest })
    }

    fn span(&self, at: &IdedExpr) -> Span<usize> {
        let (start, stop) = self.info.offset_for(at.id).unwrap_or((0, 0));
        let start = (start as usize).min(self.length);
        start..(stop as usize + 1).clamp(start, self.length)
    }

    fn predicate(&self, at: &IdedExpr) -> Parsed<Predicate> {
        match &at.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => Ok(Predicate::Always(*value.inner())),
            Expr::Ident(_) | Expr::Select(_) => match self.field(at)? {
                Field::Flag(flag) => Ok(Predicate::Flag(flag)),
                _ => self.wrong(at, "expected a condition: compare this field with something"),
            },
            Expr::Call(call) => self.predicate_call(at, call),
            _ => self.wrong(at, "expected a condition over the record"),
        }
    }

    fn predicate_call(&self, at: &IdedExpr, call: &CallExpr) -> Parsed<Predicate> {
        let parts = || call.args.iter().map(|arg| self.predicate(arg)).collect::<Parsed<Vec<_>>>();
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, _) => Ok(parts()?.into_iter().fold(Predicate::Always(true), Predicate::and)),
            (operators::LOGICAL_OR, _) => Ok(Predicate::Or(parts()?)),
            (operators::LOGICAL_NOT, [one]) => Ok(Predicate::Not(Box::new(self.predicate(one)?))),
            ("listed", [field, list]) => self.listed(field, list),
            ("listed_pair", [caller, callee, list]) => {
                self.both(["caller", "callee"], [caller, callee], "expected `listed_pair(caller, callee, \"list\")`")?;
                Ok(Predicate::ListedPair(self.list(list)?))
            }
            ("listed_route", [sender, smsc, list]) => {
                self.both(["caller", "smsc"], [sender, smsc], "expected `listed_route(caller, smsc, \"list\")`")?;
                Ok(Predicate::ListedRoute(self.list(list)?))
            }
            (name, [left, right]) => match comparison(name) {
                Some(comparison) => self.comparison(at, left, comparison, right),
                None => self.unknown(at, "function", name, FUNCTIONS),
            },
            (name, _) => self.unknown(at, "function", name, FUNCTIONS),
        }
    }

    fn comparison(
        &self,
        at: &IdedExpr,
        left: &IdedExpr,
        comparison: Comparison,
        right: &IdedExpr,
    ) -> Parsed<Predicate> {
        let negate = |predicate: Predicate| match comparison {
            Comparison::NotEqual => Predicate::Not(Box::new(predicate)),
            _ => predicate,
        };
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if equality && name(left).as_deref() == Some("caller") && name(right).as_deref() == Some("callee") {
            return Ok(negate(Predicate::Flag(FlagField::SameParty)));
        }
        match self.field(left)? {
            Field::Number(field) => match number(right) {
                Some(limit) => Ok(Predicate::Number(field, comparison, limit)),
                None => self.wrong(right, "expected a number"),
            },
            Field::Text(field) if equality => match &right.expr {
                Expr::Literal(LiteralValue::String(value)) => {
                    let value = value.inner().to_owned();
                    self.check_value(right, field, &value)?;
                    Ok(negate(Predicate::TextIs(field, value)))
                }
                _ => match self.field(right)? {
                    Field::Text(other) => Ok(negate(Predicate::SameText(field, other))),
                    _ => self.wrong(right, "expected a text in quotes or a text field"),
                },
            },
            Field::Text(_) => self.wrong(at, "a text field is compared with `==` or `!=`"),
            Field::Flag(_) => self.wrong(at, "a flag stands alone: write `flag` or `!flag`"),
        }
    }

    fn check_value(&self, at: &IdedExpr, field: TextField, value: &str) -> Parsed<()> {
        match field.values() {
            Some(values) if !values.contains(&value) => self.unknown(at, "value", value, values),
            _ => Ok(()),
        }
    }

    fn field(&self, at: &IdedExpr) -> Parsed<Field> {
        let Some(name) = name(at) else {
            return self.wrong(at, "expected the name of a field");
        };
        if let Some((_, field, _)) = FLAGS.iter().find(|field| field.0 == name) {
            return Ok(Field::Flag(*field));
        }
        if let Some((_, field, _)) = TEXTS.iter().find(|field| field.0 == name) {
            return Ok(Field::Text(*field));
        }
        if let Some((_, field, _)) = NUMBERS.iter().find(|field| field.0 == name) {
            return Ok(Field::Number(*field));
        }
        let valid = TEXTS.iter().map(|field| field.0).chain(FLAGS.iter().map(|field| field.0));
        self.unknown(at, "field", &name, valid.chain(NUMBERS.iter().map(|field| field.0)))
    }

    fn listed(&self, field: &IdedExpr, list: &IdedExpr) -> Parsed<Predicate> {
        let found = name(field).unwrap_or_default();
        match key_field(&found) {
            Some(key) => Ok(Predicate::Listed(key, self.list(list)?)),
            None => self.unknown(field, "field", &found, KEYS.iter().map(|field| field.0)),
        }
    }

    /// Whether two arguments are the fields that a function is about.
    fn both(&self, fields: [&str; 2], found: [&IdedExpr; 2], expected: &str) -> Parsed<()> {
        match found.iter().zip(fields).find(|(at, field)| name(at).as_deref() != Some(*field)) {
            Some((at, _)) => self.wrong(at, expected),
            None => Ok(()),
        }
    }

    fn list(&self, at: &IdedExpr) -> Parsed<String> {
        match &at.expr {
            Expr::Literal(LiteralValue::String(value)) => Ok(value.inner().to_owned()),
            _ => self.wrong(at, "expected the name of a list in quotes"),
        }
    }

    fn condition(&self, at: &IdedExpr, names: &[String]) -> Parsed<Condition> {
        let Expr::Call(call) = &at.expr else {
            return self.wrong(at, "expected a condition over features");
        };
        let parts = || call.args.iter().map(|arg| self.condition(arg, names)).collect::<Parsed<Vec<_>>>();
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, _) => Ok(Condition::And(parts()?)),
            (operators::LOGICAL_OR, _) => Ok(Condition::Or(parts()?)),
            (operators::LOGICAL_NOT, [one]) => Ok(Condition::Not(Box::new(self.condition(one, names)?))),
            ("known", [one]) => Ok(Condition::Known(self.expression(one, names)?)),
            (name, [left, right]) => match comparison(name) {
                Some(comparison) => {
                    Ok(Condition::Compare(self.expression(left, names)?, comparison, self.expression(right, names)?))
                }
                None => self.wrong(at, "expected a comparison, `&&`, `||`, `!` or `known(…)`"),
            },
            _ => self.wrong(at, "expected a comparison, `&&`, `||`, `!` or `known(…)`"),
        }
    }

    fn expression(&self, at: &IdedExpr, names: &[String]) -> Parsed<Expression> {
        if let Some(number) = number(at) {
            return Ok(Expression::Number(number));
        }
        match &at.expr {
            Expr::Ident(name) => match names.iter().position(|other| other == name) {
                Some(index) => Ok(Expression::Value(index)),
                None => self.unknown(at, "feature", name, names.iter().map(String::as_str)),
            },
            Expr::Call(call) => {
                let [left, right] = call.args.as_slice() else {
                    return self.wrong(at, "expected `+`, `-`, `*` or `/` of two values");
                };
                let combine = match call.func_name.as_str() {
                    operators::ADD => Expression::Add,
                    operators::SUBSTRACT => Expression::Subtract,
                    operators::MULTIPLY => Expression::Multiply,
                    operators::DIVIDE => Expression::Divide,
                    _ => return self.wrong(at, "expected `+`, `-`, `*` or `/` of two values"),
                };
                Ok(combine(Box::new(self.expression(left, names)?), Box::new(self.expression(right, names)?)))
            }
            _ => self.wrong(at, "expected a number or the name of a feature"),
        }
    }
}

/// The key field of this name.
#[must_use]
pub fn key_field(name: &str) -> Option<KeyField> {
    KEYS.iter().find(|field| field.0 == name).map(|field| field.1)
}

/// The number field of this name.
#[must_use]
pub fn number_field(name: &str) -> Option<NumberField> {
    NUMBERS.iter().find(|field| field.0 == name).map(|field| field.1)
}

fn name(at: &IdedExpr) -> Option<String> {
    match &at.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => match &select.operand.expr {
            Expr::Ident(name) => Some(format!("{name}.{}", select.field)),
            _ => None,
        },
        _ => None,
    }
}

fn number(at: &IdedExpr) -> Option<f64> {
    match &at.expr {
        Expr::Literal(LiteralValue::Int(value)) => Some(*value.inner() as f64),
        Expr::Literal(LiteralValue::Double(value)) => Some(*value.inner()),
        Expr::Call(call) if call.func_name == operators::NEGATE => number(call.args.first()?).map(|value| -value),
        _ => None,
    }
}

fn comparison(operator: &str) -> Option<Comparison> {
    Some(match operator {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// Byte of a line (from 1) and column (from 0 or 1) that the parser names.
fn position(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = usize::try_from(column).unwrap_or(0);
    let within = text[start.min(text.len())..].char_indices().nth(column).map_or(text.len(), |(at, _)| start + at);
    within.min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subset_is_read() {
        let check = |text: &str| predicate(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        check("kind == 'voice' && direction == 'outgoing' && !answered");
        check("caller.country == home && caller.line == 'fixed' || !caller.possible");
        check("duration_s >= 30 && caller != callee && listed(caller, 'do-not-originate')");
        check("trunk_in.international && !listed_pair(caller, callee, 'approved-pairs')");
        let names = ["calls".to_owned(), "callees".to_owned()];
        let holds = condition("calls >= 20 && callees / calls > 0.8 || calls - 1 == -1", &names).unwrap();
        assert!(holds.holds(&[20.0, 17.0]) && !holds.holds(&[20.0, 16.0]) && holds.holds(&[0.0, 0.0]));
        assert_eq!(expression("callees / calls", &names).unwrap().value(&[4.0, 3.0]), 0.75);
    }

    #[test]
    fn mistakes_have_a_place_and_a_nearest_name() {
        let check = |text: &str, at: usize, message: &str, nearest: Option<&str>| {
            let error = predicate(text).unwrap_err();
            assert_eq!((error.span.start, error.nearest.as_deref()), (at, nearest), "{text}: {error:?}");
            assert!(error.message.contains(message), "{text}: {error:?}");
        };
        check("kind == 'voice' && directoin == 'outgoing'", 19, "unknown field `directoin`", Some("direction"));
        check("kind == 'voise'", 8, "unknown value `voise`", Some("voice"));
        check("answerd", 0, "unknown field", Some("answered"));
        check("duration_s > 'x'", 13, "expected a number", None);
        check("lissted(caller, 'x')", 7, "unknown function", Some("listed"));
        check("kind < 'voice'", 5, "compared with `==`", None);
        let error = condition("cals > 3", &["calls".to_owned()]).unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("calls"));
        assert!(predicate("kind ==").unwrap_err().message.starts_with("not CEL"));
    }
}
