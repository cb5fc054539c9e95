"use strict";
/* Suggestions under a search field: a combobox with a list, after the WAI-ARIA pattern. The form
   works without. The field names the address to ask and the words to say (data-suggest-*). */
(function () {
  var WAIT = 150;
  var FEWEST = 2;
  var KINDS = ["dataset", "place", "agency", "theme"];

  function attachAll() {
    document.querySelectorAll("input[data-suggest]:not([role])").forEach(attach);
  }
  attachAll();
  /* CKAN's form is sent by htmx, which puts a new page into this one. */
  document.addEventListener("htmx:afterSettle", attachAll);

  function attach(input) {
    var row = input.closest(".search-row");
    var list = element("div", { id: input.id + "-list", role: "listbox", "class": "suggestions", hidden: "",
      "aria-label": input.dataset.suggestLabel });
    var status = element("p", { role: "status", "class": "visually-hidden" });
    var known = new Map();
    var options = [];
    var active = -1;
    var timer = null;
    var asked = "";
    var running = null;

    row.append(list, status);
    set(input, { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": list.id, autocapitalize: "none", spellcheck: "false" });

    input.addEventListener("input", function () {
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT);
    });
    /* The form listens for changes, to follow its select; leaving the field is none. */
    input.addEventListener("change", function (event) { event.stopPropagation(); });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", function (event) {
      if (event.isComposing) { return; }
      var open = !list.hidden;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (!open) {
          if (event.key === "ArrowDown") { ask(); }
          return;
        }
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Escape" && open) {
        event.preventDefault();
        close();
      } else if (event.key === "Enter" && open && active >= 0) {
        event.preventDefault();
        options[active].click();
      }
    });
    /* The field keeps the focus, whatever is pressed in the list. */
    list.addEventListener("mousedown", function (event) { event.preventDefault(); });

    function ask() {
      var text = input.value.trim().replace(/\s+/g, " ");
      asked = text;
      if (running) { running.abort(); }
      if (text.length < FEWEST) { close(); return; }
      if (known.has(text)) { show(known.get(text)); return; }
      running = new AbortController();
      fetch(input.dataset.suggest + "?q=" + encodeURIComponent(text),
        { headers: { Accept: "application/json" }, signal: running.signal })
        .then(function (answer) { return answer.ok ? answer.json() : Promise.reject(answer.status); })
        .then(function (answer) {
          known.set(text, answer.result.suggestions);
          if (asked === text && document.activeElement === input) { show(answer.result.suggestions); }
        })
        .catch(function () { if (asked === text) { close(); } });
    }

    function show(found) {
      options = [];
      active = -1;
      input.removeAttribute("aria-activedescendant");
      list.textContent = "";
      KINDS.forEach(function (kind) {
        var items = found.filter(function (item) { return item.type === kind; });
        if (!items.length) { return; }
        var head = element("div", { id: list.id + "-" + kind, role: "presentation", "class": "kind" });
        head.textContent = input.dataset["suggest" + kind.charAt(0).toUpperCase() + kind.slice(1)];
        var group = element("div", { role: "group", "aria-labelledby": head.id });
        group.append(head);
        items.forEach(function (item) { group.append(option(item)); });
        list.append(group);
      });
      list.hidden = !options.length;
      input.setAttribute("aria-expanded", options.length ? "true" : "false");
      status.textContent = options.length
        ? input.dataset.suggestSome.replace("{number}", options.length)
        : input.dataset.suggestNone;
    }

    function option(item) {
      var made = element("a", { id: list.id + "-" + options.length, role: "option", tabindex: "-1",
        href: item.url, "aria-selected": "false" });
      var label = element("span", { "class": "label" });
      label.textContent = item.label;
      made.append(label);
      if (item.note) {
        var note = element("span", { "class": "note" });
        note.textContent = item.note;
        made.append(" ", note);
      }
      options.push(made);
      return made;
    }

    function move(step) {
      if (active >= 0) { options[active].setAttribute("aria-selected", "false"); }
      /* One step before the first is the field itself, as it was typed. */
      active = active + step;
      if (active < -1) { active = options.length - 1; }
      if (active >= options.length) { active = -1; }
      if (active < 0) { input.removeAttribute("aria-activedescendant"); return; }
      options[active].setAttribute("aria-selected", "true");
      input.setAttribute("aria-activedescendant", options[active].id);
      options[active].scrollIntoView({ block: "nearest" });
    }

    function close() {
      clearTimeout(timer);
      list.hidden = true;
      active = -1;
      status.textContent = "";
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
  }

  function element(name, attributes) {
    return set(document.createElement(name), attributes);
  }

  function set(made, attributes) {
    Object.keys(attributes).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    return made;
  }
})();
