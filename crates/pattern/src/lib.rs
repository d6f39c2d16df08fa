//! Pattern files: parse, check, compile to gates, a feature plan and a tight evaluator
