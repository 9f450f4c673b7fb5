//! What the views are: a bar, a table that goes by each of its columns, pages, and a panel behind each row.

use std::{fmt::Debug, future::Future, time::Duration};

use leptos::prelude::*;

use super::{
    Page as Frame,
    act::{Dialogs, NoRules, Ways},
    export::{ExportButton, narrowed},
    filters::{Bar, follow_counted},
    parts::{NoSessions, Pager, SortHead, SortList, opened},
    place::Place,
};
use crate::{
    api::{
        client::{Api, use_api},
        failure::Failure,
        misuse::Part,
        page::Page,
    },
    kit::{Dialog, Load, Loaded, Skeleton, TableFrame, nodes},
};

/// A column by which rows can go.
#[derive(Clone, Copy)]
pub(super) struct Column<O> {
    pub(super) order: O,
    /// Its name in the address.
    pub(super) word: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// Whether it has letters: these begin with A.
    pub(super) is_text: bool,
}

impl<O> Column<O> {
    pub(super) const fn of(order: O, word: &'static str, label: &'static str, is_text: bool) -> Self {
        Self {
            order,
            word,
            label,
            is_text,
        }
    }
}

/// A row of one of the views, and what the view is.
pub(super) trait Row: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// By what rows go.
    type Order: Copy + PartialEq + serde::Serialize + Send + Sync + 'static;
    /// What stands in the address where it is not said how rows go: the score.
    const FIRST: Self::Order;
    const PATH: &'static str;
    const TITLE: &'static str;
    const LEAD: &'static str;
    /// What the server calls the table.
    const TABLE: &'static str;
    const COLUMNS: &'static [Column<Self::Order>];
    /// The last head, by which rows cannot go: what can be done.
    const LAST: &'static str;
    /// Whether what a row is can be blocked.
    const BLOCKS: bool;
    /// What a row is called, as a rule.
    const SUBJECT: &'static str;

    fn page(api: Api, part: Part, order: Self::Order) -> impl Future<Output = Result<Page<Self>, Failure>> + 'static;

    /// How many there are, whatever the page.
    fn count(api: Api, part: Part) -> impl Future<Output = Result<i32, Failure>> + 'static;

    /// What the panel behind the row of that name is called.
    fn called(_subject: &str) -> &'static str {
        Self::SUBJECT
    }

    /// So many of them.
    fn counted(total: i32, place: Place) -> String;

    /// What stands beside the filters.
    fn beside(_place: Place) -> AnyView {
        ().into_any()
    }

    /// What of it a file is asked for, beside filters and order.
    fn narrowed(_place: Place) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The row.
    fn cells(self, place: Place, ways: Ways) -> AnyView;

    /// What is behind it.
    fn panel(place: Place, subject: String, ways: Ways) -> AnyView;
}

/// The whole page of a view.
pub(super) fn whole<R: Row>() -> impl IntoView {
    let place = Place::at(R::PATH);
    let export = move || {
        let of = move |()| {
            untrack(|| {
                let mut given = narrowed(place, &order::<R>(place));
                given.extend(R::narrowed(place));
                given
            })
        };
        view! { <ExportButton table=R::TABLE narrowed=of/> }
    };
    view! {
        <Frame part=R::TITLE lead=R::LEAD acts=ViewFn::from(export)>
            {table::<R>(place)}
        </Frame>
    }
}

fn table<R: Row>(place: Place) -> impl IntoView {
    let api = use_api();
    // What stands in the address; the time until now begins later with each asking.
    let counted_of = Memo::new(move |_| (place.span(), place.filter(), place.group()));
    let page_of = Memo::new(move |_| (place.of("sort"), place.direction(), place.of("after")));
    let load = Load::new(move || {
        // Read, not only followed: what nobody reads is not kept up to date.
        counted_of.with(|_| ());
        page_of.with(|_| ());
        let (order, part) = untrack(|| (order::<R>(place), place.part()));
        async move { R::page(api, part?, order).await }
    });
    // Counting looks at everybody, a page does not: the page is not to wait for it.
    let count = Load::new(move || {
        counted_of.with(|_| ());
        let part = untrack(|| place.part());
        async move { R::count(api, part?).await }
    });
    follow_counted(place, load, count);
    let again = move || {
        load.again();
        count.again();
    };
    let ways = Ways::new();
    let rows = nodes(load);
    let recount = count.following(RECOUNTED);
    Effect::new(move |_| {
        let is_asking = load.is_asking() || count.is_asking();
        if is_asking || count.failure().with_untracked(Option::is_some) {
            return;
        }
        let (seen, counted) = (rows.with(Vec::len), count.value().get_untracked());
        if counted.is_some_and(|counted| usize::try_from(counted).is_ok_and(|counted| counted < seen)) {
            // There are more than were counted: that is not to be read for a minute.
            recount();
        }
    });
    let found = Signal::derive(move || {
        let total = count.value().get().filter(|_| !count.is_old());
        total.map(|total| R::counted(total, place))
    });
    let (open, subject) = opened(place);
    let title = Signal::derive(move || subject.with(|subject| R::called(subject)).to_owned());
    let columns: Vec<_> = R::COLUMNS
        .iter()
        .map(|one| (one.word, one.label, one.is_text))
        .collect();
    view! {
        {R::BLOCKS.then(|| view! { <NoRules ways/> })}
        <Bar place found beside=R::beside(place)/>
        <SortList place columns/>
        <Loaded load skeleton=|| view! { <Skeleton lines=10/> } on_again=move |()| again()>
            <Show when=move || !rows.with(Vec::is_empty) fallback=move || view! { <NoSessions place/> }>
                <TableFrame region=R::TITLE>
                    <table class="table table-dense">
                        <caption class="sr-only">{R::TITLE}</caption>
                        <thead><tr>
                            {R::COLUMNS.iter().map(|one| view! { <SortHead place label=one.label word=one.word is_text=one.is_text/> }).collect_view()}
                            <th scope="col" class="stay stay-acts">{R::LAST}</th>
                        </tr></thead>
                        <tbody>
                            <For each=move || rows.get() key=|row| format!("{row:?}") let:row>
                                {row.cells(place, ways)}
                            </For>
                        </tbody>
                    </table>
                </TableFrame>
                <Pager place load/>
            </Show>
        </Loaded>
        <Dialog open title drawer=true>
            {move || (!subject.with(String::is_empty)).then(|| R::panel(place, subject.get(), ways))}
        </Dialog>
        <Dialogs ways on_done=move |()| again()/>
    }
}

/// By what rows go now.
fn order<R: Row>(place: Place) -> R::Order {
    let word = place.of("sort");
    let column = R::COLUMNS.iter().find(|column| column.word == word);
    column.map_or(R::FIRST, |column| column.order)
}

/// How long after it was seen that too few were counted they are counted anew.
const RECOUNTED: Duration = Duration::from_secs(5);
