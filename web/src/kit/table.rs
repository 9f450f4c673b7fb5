//! Tables. On a narrow screen each row becomes a small card, whose lines are named by the cells' `data-label`.

use leptos::{ev::FocusEvent, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;

/// A table with its column heads; an empty head names the column of actions for screen readers only.
#[component]
pub(crate) fn Table(
    /// What the table lists, for screen readers.
    #[prop(into)]
    caption: String,
    columns: Vec<&'static str>,
    /// For narrow places: the first column gives way and cuts its text.
    #[prop(optional)]
    tight: bool,
    children: Children,
) -> impl IntoView {
    let heads = columns.into_iter().map(|column| match column {
        "" => view! { <th scope="col"><span class="sr-only">"Actions"</span></th> }.into_any(),
        column => view! { <th scope="col">{column}</th> }.into_any(),
    });
    view! {
        <TableFrame>
            <table class="table" class:table-tight=tight>
                <caption class="sr-only">{caption}</caption>
                <thead><tr>{heads.collect_view()}</tr></thead>
                <tbody>{children()}</tbody>
            </table>
        </TableFrame>
    }
}

/// What a table is scrolled sideways in where it is wider than its place; what a keyboard comes to is seen there.
#[component]
pub(crate) fn TableFrame(
    /// Its name, where it can be come to by keyboard itself: for tables that are always wider.
    #[prop(optional)]
    region: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    view! {
        <div
            class="table-wrap"
            tabindex=region.map(|_| "0")
            role=region.map(|_| "region")
            aria-label=region
            on:focusin=|event| { uncover(&event); }
        >
            {children()}
        </div>
    }
}

/// Scrolls what a keyboard came to out from behind the edge, or from under the columns that stand still. Browsers leave
/// what is in sight in part where it is. `scroll-padding` would also scroll away from what stands still itself, and from
/// under a pointer that presses it.
fn uncover(event: &FocusEvent) -> Option<()> {
    let one: Element = event.target()?.dyn_into().ok()?;
    let stands_still = one.closest(".table-dense th:first-child, .stay").ok()?.is_some();
    if stands_still || !one.matches(":focus-visible").ok()? {
        return None;
    }
    let (row, frame) = (one.closest("tr").ok()??, one.closest(".table-wrap").ok()??);
    let (from, to) = if let Some(stays) = row.query_selector(".stay").ok()? {
        let first = row.first_element_child()?.get_bounding_client_rect();
        (first.right(), stays.get_bounding_client_rect().left())
    } else {
        let seen = frame.get_bounding_client_rect();
        (seen.left(), seen.right())
    };
    let place = one.get_bounding_client_rect();
    let beyond = if place.left() < from {
        place.left() - from - RING
    } else {
        (place.right() - to + RING).max(0.0)
    };
    frame.scroll_by_with_x_and_y(beyond, 0.0);
    Some(())
}

/// Room for the ring around what has the focus, in pixels.
const RING: f64 = 8.0;
