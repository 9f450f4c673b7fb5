//! How far a revocation has come.

use leptos::prelude::*;

use crate::{
    api::{
        events::{self, ChangeProgress},
        live::use_live,
        tokens::Change,
    },
    kit::{Button, Dialog, Look},
    time,
};

/// Shown while `open` is set: how far the change in `cut` has come.
#[component]
pub(super) fn Report(
    #[prop(into)] title: String,
    cut: RwSignal<Option<Change>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <Dialog open title>
            {move || cut.get().map(|change| view! { <Progress change/> })}
            <footer class="dialog-foot"><Button look=Look::Primary on_press=move |_| open.set(false)>"Done"</Button></footer>
        </Dialog>
    }
}

/// From its answer at first, then by subscription until every node has acknowledged.
#[component]
pub(crate) fn Progress(change: Change) -> impl IntoView {
    let progress = RwSignal::new(change.progress());
    let id = change.id;
    use_live().subscribe(
        move || (!progress.with_untracked(|progress| progress.done)).then(|| events::change_progress(id.clone())),
        move |event| progress.set(event.change_progress),
    );
    view! {
        <div class="dialog-body">
            <p role="status">{move || progress.with(told)}</p>
            <progress max=move || f64::from(progress.with(|p| p.nodes.max(1))) value=move || f64::from(progress.with(|p| if p.nodes == 0 { 1 } else { p.acknowledged })) aria-label="Nodes that have acknowledged"></progress>
        </div>
    }
}

fn told(progress: &ChangeProgress) -> String {
    let sessions = time::count(progress.sessions_ended, "session", "sessions");
    let nodes = time::count(progress.nodes, "node", "nodes");
    match (progress.done, progress.after_ms) {
        (true, Some(ms)) => format!("Cut {sessions} on {nodes} in {ms:.0} ms."),
        (true, None) => format!("Cut {sessions} on {nodes}."),
        (false, _) => format!(
            "Cut {sessions} so far. {} of {nodes} have acknowledged; the others are told as soon as they can be reached.",
            progress.acknowledged
        ),
    }
}
