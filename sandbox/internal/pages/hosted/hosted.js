// Sends the surrounding page the messages that Persona's page sends, and receives its request
// to leave. It runs before the page has a button, so that even a quick person cannot leave
// before the messages are sent.
const { target, messages } = document.currentScript.dataset;
const around = window.opener || window.parent;

if (around !== window && target) {
  let told = false;
  const tell = () => {
    if (told) return;
    told = true;
    for (const message of JSON.parse(messages)) {
      if (message.name === "page-change") {
        message.metadata = { pathname: location.pathname, pageHeight: document.documentElement.scrollHeight };
      }
      around.postMessage(message, target);
    }
  };
  document.addEventListener("DOMContentLoaded", tell);
  document.addEventListener("submit", tell);

  const leave = () => document.getElementById("cancel")?.click();
  window.addEventListener("message", (event) => {
    if (event.origin !== target || event.data?.action !== "exit") return;
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", leave);
    } else {
      leave();
    }
  });
}
