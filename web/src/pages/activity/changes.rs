//! How fast changes to policy take hold: from the call until every node has acknowledged, which it does once its last
//! session is cut.

use leptos::prelude::*;

use super::Head;
use crate::{
    api::{
        changes::{self, Change},
        client::use_api,
        live::use_live,
        page::Page,
        people::Permission,
    },
    kit::{
        Badge, Card, Columns, Empty, Load, Loaded, More, Skeleton, Stack, Stat, Table, Tone, When, gathered, nodes,
        renew,
    },
    pages::misuse::ExportButton,
    session::may,
    time,
};

/// How long news wait for more of them before the list is asked for anew.
const SETTLED: std::time::Duration = std::time::Duration::from_millis(700);

/// The page.
#[component]
pub(crate) fn Changes() -> impl IntoView {
    let lead =
        "From a call to the moment in which every node acts on it. A node acknowledges once its last session is cut.";
    if !may(Permission::ChangeRead) {
        return view! {
            <Head part="Changes" lead/>
            <Empty icon=icondata_lu::LuLockKeyhole title="Closed to your role" text="Ask an administrator of your organisation."/>
        }
        .into_any();
    }
    let api = use_api();
    let load = Load::new(move || changes::page(api, None));
    follow(load);
    let found = nodes(load);
    view! {
        <Head part="Changes" lead acts=|| view! { <ExportButton table="changes" narrowed=|()| vec![]/> }/>
        <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
            <Show when=move || !found.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuTimer title="No changes yet" text="Revocations, rules, keys and settings appear here, with the time that each took to be in force."/>
            }>
                <dl class="stats" aria-label="Changes in figures">
                    <Stat label="Half of them within" value=Signal::derive(move || found.with(|all| told_ms(quantile(all, 0.5))))/>
                    <Stat label="95 of 100 within" value=Signal::derive(move || found.with(|all| told_ms(quantile(all, 0.95))))/>
                    <Stat label="Bytes sent after a cut" value=Signal::derive(move || found.with(|all| time::bytes(all.iter().map(|one| one.bytes_after).sum())))/>
                </dl>
                <Card title="From the call to the last acknowledgement">
                    <Columns label="Changes by how long they took" unit="changes" keys=KEYS.to_vec() columns=Signal::derive(move || found.with(|all| histogram(all)))/>
                    <p class="soft chart-note">{move || format!("The latest {}.", time::count(count(found.with(Vec::len)), "change", "changes"))}</p>
                </Card>
                <Table caption="Changes to policy" columns=vec!["Change", "Cut", "Nodes", "Took", "Slowest node", "Bytes after", "When"]>
                    <For each=move || found.get() key=|change| format!("{change:?}") let:change>
                        <Row change/>
                    </For>
                </Table>
                <More load ask=move |after| changes::page(api, after)/>
            </Show>
        </Loaded>
    }
    .into_any()
}

/// Asks for the list anew a moment after a change reached the nodes.
fn follow(load: Load<Page<Change>>) {
    let (api, live) = (use_api(), use_live());
    let nothing = Memo::new(|_| ());
    let ask = gathered(SETTLED, move || {
        renew(load, nothing, move |(), after| changes::page(api, after));
    });
    live.subscribe(|| Some(changes::news()), move |_| ask());
    live.at_return(ask);
}

#[component]
fn Row(change: Change) -> impl IntoView {
    let (reached, all) = (change.acknowledged(), change.nodes.len());
    let took = match (change.done_after_ms, change.nodes.is_empty()) {
        (Some(ms), _) => told_ms(Some(ms)),
        (None, true) => "On its way".to_owned(),
        (None, false) => "A node is missing".to_owned(),
    };
    let tone = if change.sessions_ended > 0 {
        Tone::Bad
    } else {
        Tone::Calm
    };
    view! {
        <tr>
            <th scope="row" class="mono code">{change.action.clone().unwrap_or_else(|| "change".to_owned())}</th>
            <td data-label="Cut"><Badge tone text=time::count(change.sessions_ended, "session", "sessions")/></td>
            <td data-label="Nodes" class="num">{format!("{reached} of {all}")}</td>
            <td data-label="Took" class="num">{took}</td>
            <td data-label="Slowest node" class="num">{told_ms(change.slowest_ms())}</td>
            <td data-label="Bytes after" class="num">{time::bytes(change.bytes_after)}</td>
            <td data-label="When" class="soft"><When at=change.at/></td>
        </tr>
    }
}

/// The time within which that part of the changes was acknowledged; none where no change was.
fn quantile(changes: &[Change], part: f64) -> Option<f64> {
    let mut times: Vec<_> = changes.iter().filter_map(|change| change.done_after_ms).collect();
    times.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a place in a list of hundreds"
    )]
    let at = (times.len() as f64 * part).ceil() as usize;
    times.get(at.saturating_sub(1)).copied()
}

/// How many took how long; those that cut somebody apart from the others.
fn histogram(changes: &[Change]) -> Vec<Stack> {
    let mut stacks: Vec<_> = BOUNDS
        .iter()
        .map(|(_, label)| Stack {
            label: (*label).to_owned(),
            parts: vec![0.0, 0.0],
        })
        .collect();
    for change in changes {
        let took = change.done_after_ms.unwrap_or(f64::INFINITY);
        let at = BOUNDS
            .iter()
            .position(|(most, _)| took < *most)
            .unwrap_or(BOUNDS.len() - 1);
        let part = usize::from(change.sessions_ended == 0);
        if let Some(part) = stacks.get_mut(at).and_then(|stack| stack.parts.get_mut(part)) {
            *part += 1.0;
        }
    }
    stacks
}

/// "7.4 ms", "1.2 s".
pub(in crate::pages) fn told_ms(ms: Option<f64>) -> String {
    match ms {
        None => "–".to_owned(),
        Some(ms) if ms < 10.0 => format!("{ms:.1} ms"),
        Some(ms) if ms < 1_000.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{:.1} s", ms / 1e3),
    }
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// What the two parts of each column are.
const KEYS: [&str; 2] = ["Cut somebody", "Cut nobody"];

/// Milliseconds that are too many for a column, and what it is called.
const BOUNDS: [(f64, &str); 10] = [
    (2.0, "under 2 ms"),
    (5.0, "2–5 ms"),
    (10.0, "5–10 ms"),
    (20.0, "10–20 ms"),
    (50.0, "20–50 ms"),
    (100.0, "50–100 ms"),
    (200.0, "100–200 ms"),
    (500.0, "200–500 ms"),
    (1_000.0, "0.5–1 s"),
    (f64::INFINITY, "longer"),
];
