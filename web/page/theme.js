// Before the first paint: the theme that was chosen here, so that nothing flashes. `src/theme.rs` writes it.
try {
  const theme = localStorage.getItem("portcullis.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing shows the system's theme.
}
