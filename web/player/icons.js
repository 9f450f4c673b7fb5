// The marks on the player's buttons, drawn on a 24 by 24 grid.

const draw = (shapes) =>
  `<svg viewBox="0 0 24 24" width="1em" height="1em" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${shapes}</svg>`;

export const PLAY = draw('<path d="M7 4.5v15l12-7.5z" fill="currentColor"/>');
export const PAUSE = draw('<path d="M8 5v14M16 5v14" stroke-width="3.5"/>');
export const SOUND = draw('<path d="M4 9.5v5h3.5L12 19V5L7.5 9.5z" fill="currentColor"/><path d="M15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/>');
export const MUTED = draw('<path d="M4 9.5v5h3.5L12 19V5L7.5 9.5z" fill="currentColor"/><path d="m16 9.5 5 5m0-5-5 5"/>');
export const EXPAND = draw('<path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/>');
export const SHRINK = draw('<path d="M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5"/>');
export const GATE = draw('<path d="M6 3v16.5M12 3v18M18 3v16.5M3 7h18M3 12.5h18" stroke-width="1.75"/>');
export const AERIAL = draw('<path d="M12 13v8M8.5 14.5a5 5 0 1 1 7 0M5.5 17a9 9 0 1 1 13 0"/><circle cx="12" cy="11" r="1.2" fill="currentColor"/>');
