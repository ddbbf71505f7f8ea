// What makes the pages nicer where scripts run. Nothing needs it.
(function () {
  'use strict';

  // Password fields get a button that shows what was typed.
  for (const input of document.querySelectorAll('input[type=password]')) {
    const button = document.createElement('button');
    const name = input.labels[0] ? input.labels[0].textContent : 'password';
    button.type = 'button';
    button.className = 'peek';
    button.textContent = 'Show';
    button.setAttribute('aria-label', 'Show ' + name);
    button.setAttribute('aria-pressed', 'false');
    button.addEventListener('click', function () {
      const shown = input.type === 'text';
      input.type = shown ? 'password' : 'text';
      button.textContent = shown ? 'Show' : 'Hide';
      button.setAttribute('aria-pressed', String(!shown));
    });
    const box = document.createElement('div');
    box.className = 'with-peek';
    input.replaceWith(box);
    box.append(input, button);
    if (input.form) {
      input.form.addEventListener('submit', function () { input.type = 'password'; }); // or browsers would offer it as text later
    }
  }

  // A form is sent once, however often its button is pressed.
  document.addEventListener('submit', function (event) {
    if (event.target.dataset.sent) {
      event.preventDefault();
      return;
    }
    event.target.dataset.sent = 'yes';
  });
  window.addEventListener('pageshow', function () {
    for (const form of document.forms) delete form.dataset.sent;
  });

  // What the server refuses of a form that htmx sends is told by a whole page.
  for (const refused of ['htmx:responseError', 'htmx:sendError']) {
    document.addEventListener(refused, function (event) {
      if (event.detail.elt.matches('form')) event.detail.elt.submit();
    });
  }
  document.addEventListener('htmx:afterRequest', function (event) {
    if (event.detail.elt.matches('form')) delete event.detail.elt.dataset.sent;
  });
}());
