//! Columns side by side, as of a histogram: a list whose entries say their numbers, so that it is read like it is seen.

use leptos::prelude::*;

/// One column, in parts from the bottom up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stack {
    pub(crate) label: String,
    pub(crate) parts: Vec<f64>,
}

impl Stack {
    fn whole(&self) -> f64 {
        self.parts.iter().sum()
    }
}

/// The columns, as high as they are much. `keys`: what the parts are; `unit`: what is counted.
#[component]
pub(crate) fn Columns(
    #[prop(into)] label: String,
    unit: &'static str,
    keys: Vec<&'static str>,
    #[prop(into)] columns: Signal<Vec<Stack>>,
) -> impl IntoView {
    let most = Memo::new(move |_| columns.with(|columns| columns.iter().map(Stack::whole).fold(1.0, f64::max)));
    let parts = StoredValue::new(keys.clone());
    let shown = move || {
        let (columns, most) = (columns.get(), most.get());
        columns
            .into_iter()
            .map(|column| {
                let whole = column.whole();
                let said = parts.with_value(|keys| {
                    let parts = keys.iter().zip(&column.parts);
                    let parts: Vec<_> = parts.map(|(key, part)| format!("{key}: {part}")).collect();
                    format!("{}: {whole} {unit}. {}", column.label, parts.join(", "))
                });
                let parts = column.parts.iter().enumerate().filter(|(_, part)| **part > 0.0);
                let bars = parts.map(|(at, part)| {
                    let style = format!("--much: {:.4}", part / most);
                    view! { <span class="column-part" data-part=at.to_string() style=style></span> }
                });
                view! {
                    <li title=said.clone()>
                        <span class="sr-only">{said.clone()}</span>
                        <span class="column" aria-hidden="true">
                            <span class="column-value num">{(whole > 0.0).then(|| whole.to_string())}</span>
                            {bars.collect_view()}
                        </span>
                        <span class="column-label" aria-hidden="true">{column.label}</span>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <ul class="chart-keys" aria-hidden="true">
            {keys.into_iter().enumerate().map(|(at, key)| view! { <li data-part=at.to_string()>{key}</li> }).collect_view()}
        </ul>
        <ol class="columns" aria-label=label>{shown}</ol>
    }
}
