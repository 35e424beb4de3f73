// Tells the page around this one what happens, as Persona's own does, and hears from it
// that the person wants to leave.
const { target, messages } = document.currentScript.dataset;
const around = window.opener || window.parent;

if (around !== window && target) {
  for (const message of JSON.parse(messages)) {
    if (message.name === "page-change") {
      message.metadata = { pathname: location.pathname, pageHeight: document.documentElement.scrollHeight };
    }
    around.postMessage(message, target);
  }
  window.addEventListener("message", (event) => {
    if (event.origin === target && event.data && event.data.action === "exit") {
      document.getElementById("cancel")?.click();
    }
  });
}
