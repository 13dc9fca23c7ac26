// Posts the sign-in request to the EHR at once. Without this script the button does it.
(function () {
  "use strict";
  var form = document.getElementById("authorize");
  if (!form) { return; }
  form.querySelector("button").disabled = true;
  form.submit();
}());
