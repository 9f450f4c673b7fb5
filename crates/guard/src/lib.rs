//! May this request pass, now? Tokens, rules, decision, reasons.
