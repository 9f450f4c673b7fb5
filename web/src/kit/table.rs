//! Tables. On a narrow screen each row becomes a small card, whose lines are named by the cells' `data-label`.

use leptos::prelude::*;

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
        <div class="table-wrap">
            <table class="table" class:table-tight=tight>
                <caption class="sr-only">{caption}</caption>
                <thead><tr>{heads.collect_view()}</tr></thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
