//! Dialogs on `<dialog>`: the browser keeps the focus inside, gives it back, and closes at Escape.

use leptos::{ev, html, prelude::*};

use super::{Button, Icon, Look, Notice, Tone};

/// A modal dialog. Its content is made anew at each opening, so that nothing of the last one is left in it.
#[component]
pub(crate) fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(optional)] wide: bool,
    /// At the edge of the window, as high as it: for what is looked at beside the page.
    #[prop(optional)]
    drawer: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    // At once, where the browser says so: what asks for it again before the close is told finds it closed.
    let cancelled = move |event: ev::Event| {
        // A chooser of files inside tells that it was cancelled, too.
        if event.target() == event.current_target() {
            open.set(false);
        }
    };
    // The close is told later than it happens: by then it may have been opened again.
    let closed = move |_| {
        if dialog.get_untracked().is_none_or(|dialog| !dialog.open()) {
            open.set(false);
        }
    };
    let children = StoredValue::new(children);
    view! {
        <dialog node_ref=dialog class="dialog" class:dialog-wide=wide class:dialog-drawer=drawer aria-label=title on:cancel=cancelled on:close=closed>
            <Show when=move || open.get()>
                <header class="dialog-head">
                    <h2>{title}</h2>
                    <button type="button" class="btn btn-quiet btn-icon" aria-label="Close" on:click=move |_| open.set(false)>
                        <Icon of=icondata_lu::LuX/>
                    </button>
                </header>
                {children.with_value(|children| children())}
            </Show>
        </dialog>
    }
}

/// Asks before something that is not easily undone. `on_confirm` closes it by setting `open`.
#[component]
pub(crate) fn Confirm(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] action: Signal<String>,
    #[prop(into)] busy: Signal<bool>,
    #[prop(into)] failure: Signal<Option<String>>,
    #[prop(into)] on_confirm: Callback<()>,
    children: ChildrenFn,
) -> impl IntoView {
    let children = StoredValue::new(children);
    view! {
        <Dialog open title>
            <div class="dialog-body">
                {children.with_value(|children| children())}
                {move || failure.get().map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })}
            </div>
            <footer class="dialog-foot">
                <Button on_press=move |_| open.set(false)>"Cancel"</Button>
                <Button look=Look::Danger busy on_press=move |_| on_confirm.run(())>{action}</Button>
            </footer>
        </Dialog>
    }
}
