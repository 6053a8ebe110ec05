// Keeps an open wallet true: what has changed meanwhile is there when somebody looks at it again.
"use strict";

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") location.reload();
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
