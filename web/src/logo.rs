//! The mark: a gate, half raised.

use leptos::{prelude::*, svg};

const SHAPE: &str = concat!(
    "<g>",
    r#"<path d="M4 29V14.5C4 8 9.4 3 16 3s12 5 12 11.5V29" stroke-width="2.6"/>"#,
    r#"<path d="M10 5.2V22M16 3v19M22 5.2V22M4.5 11.5h23M4.5 17.5h23" stroke-width="2"/>"#,
    r#"<path d="m8.4 21 1.6 4.6 1.6-4.6zM14.4 21l1.6 4.6 1.6-4.6zM20.4 21l1.6 4.6 1.6-4.6z" fill="currentColor" stroke-width="1"/>"#,
    "</g>",
);

/// The mark alone; its name stands beside it, or is given by what it is part of.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    svg::svg()
        .attr("class", "mark")
        .attr("viewBox", "0 0 32 32")
        .attr("fill", "none")
        .attr("stroke", "currentColor")
        .attr("stroke-linecap", "round")
        .attr("stroke-linejoin", "round")
        .attr("aria-hidden", "true")
        .child(svg::InertElement::new(SHAPE))
}

/// Mark and name.
#[component]
pub(crate) fn Wordmark() -> impl IntoView {
    view! { <span class="wordmark"><Mark/><span>"Portcullis"</span></span> }
}
