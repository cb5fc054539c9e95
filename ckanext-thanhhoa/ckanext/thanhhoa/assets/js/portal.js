"use strict";
(function () {
  var phone = window.matchMedia("(max-width: 767px)");

  /* The filters are open in the page, so that they work without scripts; a phone folds them. */
  function fold() {
    document.querySelectorAll(".fold-on-phones").forEach(function (part) {
      part.open = !phone.matches;
    });
  }
  phone.addEventListener("change", fold);

  /* Forms of CKAN are sent by htmx, which puts the new page into this one, and would keep the old
     one where the new one says what cannot be asked (400). */
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.xhr.status === 400) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.detail.target === document.body) { start(); }
  });
  start();

  function start() {
    fold();
    document.querySelectorAll("select[name=sort]").forEach(function (select) {
      select.addEventListener("change", function () { select.form.requestSubmit(); });
    });

    /* A file may be dropped on its field's frame; the field itself works without. */
    document.querySelectorAll("[data-drop]").forEach(function (frame) {
      var input = frame.querySelector("input[type=file]");
      ["dragover", "dragleave", "drop"].forEach(function (kind) {
        frame.addEventListener(kind, function (event) {
          event.preventDefault();
          frame.classList.toggle("over", kind === "dragover");
          if (kind === "drop" && event.dataTransfer.files.length) {
            input.files = event.dataTransfer.files;
          }
        });
      });
    });

    var toggle = document.querySelector(".nav-toggle");
    var nav = document.getElementById("site-nav");
    if (!toggle || !nav) { return; }
    toggle.addEventListener("click", function () {
      var open = nav.classList.toggle("open");
      toggle.setAttribute("aria-expanded", open ? "true" : "false");
    });
  }
})();
