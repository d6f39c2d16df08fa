//! `lancang`: finds telecom scam patterns in call and SMS records while they happen.

fn main() {}
