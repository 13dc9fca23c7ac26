// Takes the sign-in reply out of the address, so that neither history nor a
// Referer keeps it, and posts it once. Without this script the button does it.
(function () {
  "use strict";
  var form = document.getElementById("reply");
  if (!form) { return; }
  window.history.replaceState(null, "", window.location.pathname);
  form.querySelector("button").disabled = true;
  form.submit();
}());
