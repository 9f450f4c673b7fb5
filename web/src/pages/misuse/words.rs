//! What indicators are called.

/// A few words for an indicator's code; the code itself for one newer than this dashboard.
pub(crate) fn label(code: &str) -> String {
    misuse::label(code).to_owned()
}
