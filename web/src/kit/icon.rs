//! A mark beside words. It is never the only thing that says something, so screen readers pass it over.

use icondata_core::Icon as Drawing;
use leptos::{prelude::*, svg};

/// A Lucide drawing, as high as the text.
#[component]
pub(crate) fn Icon(of: Drawing) -> impl IntoView {
    svg::svg()
        .attr("class", "icon")
        .attr("viewBox", "0 0 24 24")
        .attr("fill", "none")
        .attr("stroke", "currentColor")
        .attr("stroke-width", "2")
        .attr("stroke-linecap", "round")
        .attr("stroke-linejoin", "round")
        .attr("aria-hidden", "true")
        .child(svg::InertElement::new(format!("<g>{}</g>", of.data)))
}
