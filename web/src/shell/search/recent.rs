//! What was opened from the box of late: in this tab, by this person, in this organisation.

use serde::{Deserialize, Serialize};

use super::hit::Hit;
use crate::browser;

const MOST: usize = 6;
const KEY: &str = "portcullis.search";

/// Of one person in one organisation only: whoever signs in next in this tab sees nothing of it.
#[derive(Serialize, Deserialize)]
struct Recent {
    whose: String,
    hits: Vec<Hit>,
}

pub(super) fn read(whose: &str) -> Vec<Hit> {
    let kept = browser::kept_in_tab(KEY).and_then(|text| serde_json::from_str::<Recent>(&text).ok());
    kept.filter(|kept| kept.whose == whose)
        .map(|kept| kept.hits)
        .unwrap_or_default()
}

/// Puts it first.
pub(super) fn remember(whose: &str, hit: &Hit) {
    let mut hits = read(whose);
    hits.retain(|one| one.address != hit.address);
    hits.insert(0, hit.clone());
    hits.truncate(MOST);
    let recent = Recent {
        whose: whose.to_owned(),
        hits,
    };
    browser::keep_in_tab(KEY, serde_json::to_string(&recent).ok().as_deref());
}

/// Whoever leaves leaves nothing.
pub(crate) fn forget() {
    browser::keep_in_tab(KEY, None);
}
