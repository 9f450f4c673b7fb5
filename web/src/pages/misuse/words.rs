//! What indicators are called.

/// A few words for an indicator's code; the code itself for one newer than this dashboard.
pub(crate) fn label(code: &str) -> String {
    match code {
        "ADDRESSES" => "Several addresses",
        "HOSTING" => "Data-centre network",
        "REFERRER" => "Unknown site",
        "COUNTRIES" => "Several countries",
        "SESSIONS" => "Many sessions at once",
        "LONG_PLAYBACK" => "Watches without a pause",
        "RECONNECTS" => "Reconnects again and again",
        "CONNECTIONS" => "Many connections",
        "UNUSUAL_COUNTRY" => "Unusual country",
        "NODES" => "Two nodes at once",
        "DENIALS" => "Turned away again and again",
        other => other,
    }
    .to_owned()
}
