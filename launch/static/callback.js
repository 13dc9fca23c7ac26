// Takes the sign-in reply out of the address, so that neither history nor a
// Referer keeps it, and posts it once. Without this script the button does it.
(function () {
  "use strict";
  var form = document.getElementById("reply");
  if (!form) { return; }
  window.history.replaceState(null, "", window.location.pathname);
  form.querySelector("button").disabled = true;
  // The answer may be the app's page itself: its script gives it its own address.
  form.elements.script.disabled = false;
  form.elements.script.value = "1";
  form.submit();
}());
