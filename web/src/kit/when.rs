//! A moment: near ones told by distance, and exactly on hover and to machines.

use leptos::prelude::*;

use crate::{api::scalar::DateTime, time};

/// "4 min ago", with the exact time behind it.
#[component]
pub(crate) fn When(#[prop(into)] at: DateTime) -> impl IntoView {
    let now = time::use_now();
    let (machine, exact) = (at.0.clone(), time::exact(&at));
    let text = Memo::new(move |_| time::relative(&at, now.get()));
    view! { <time datetime=machine title=exact>{text}</time> }
}
