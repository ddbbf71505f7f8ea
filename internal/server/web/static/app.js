// Enhancements for browsers that run scripts. No page needs them.
(function () {
  'use strict';

  // Password fields get a button that shows the password.
  for (const input of document.querySelectorAll('input[type=password]')) {
    const button = document.createElement('button');
    const name = input.labels[0] ? input.labels[0].textContent : 'password';
    button.type = 'button';
    button.className = 'peek';
    const offer = function (what) {
      button.textContent = what;
      button.setAttribute('aria-label', what + ' ' + name);
    };
    offer('Show');
    button.addEventListener('click', function () {
      const shown = input.type === 'text';
      input.type = shown ? 'password' : 'text';
      offer(shown ? 'Show' : 'Hide');
    });
    const box = document.createElement('div');
    const focused = document.activeElement === input;
    box.className = 'with-peek';
    input.replaceWith(box);
    box.append(input, button);
    if (focused) input.focus();
    if (input.form) {
      input.form.addEventListener('submit', function () { input.type = 'password'; }); // or browsers would save it for autocompletion
    }
  }

  // A double click submits a form only once.
  document.addEventListener('submit', function (event) {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
    setTimeout(function () { delete form.dataset.sent; }, 2000);
  });

  // If a request by htmx fails, submit the form again as a whole page, which shows the error.
  for (const refused of ['htmx:responseError', 'htmx:sendError']) {
    document.addEventListener(refused, function (event) {
      if (event.detail.elt.matches('form')) event.detail.elt.submit();
    });
  }

  // The account.

  // Preview a chosen picture, and refuse one that is too large.
  for (const input of document.querySelectorAll('input[data-preview]')) {
    const image = document.getElementById(input.dataset.preview);
    const before = { src: image.src, alt: image.alt };
    let preview = '';
    input.addEventListener('change', function () {
      const file = input.files[0];
      const large = file && file.size > Number(input.dataset.most);
      input.setCustomValidity(large ? 'This picture is too large. Choose a smaller one.' : '');
      if (large) input.reportValidity();
      URL.revokeObjectURL(preview);
      preview = file && !large && file.type.startsWith('image/') ? URL.createObjectURL(file) : '';
      image.src = preview || before.src;
      image.alt = preview ? 'Your new picture, not uploaded yet' : before.alt;
    });
    image.addEventListener('error', function () {
      if (preview && image.src === preview) image.src = before.src; // not a picture, despite its name
    });
  }

  // Secrets get buttons to copy and print them.
  for (const secret of document.querySelectorAll('[data-copy]')) {
    const helpers = document.createElement('div');
    const said = document.createElement('span');
    helpers.className = 'helpers';
    said.className = 'hint';
    said.setAttribute('role', 'status');
    const add = function (text, action) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = text;
      button.addEventListener('click', action);
      helpers.append(button);
    };
    if (navigator.clipboard) {
      add(secret.dataset.copy, function () {
        navigator.clipboard.writeText(secret.innerText.trim()).then(
          function () { said.textContent = 'Copied.'; },
          function () { said.textContent = 'Copying failed. Select the text and copy it yourself.'; });
      });
    }
    if (secret.dataset.print) add(secret.dataset.print, function () { window.print(); });
    helpers.append(said);
    (secret.closest('p') || secret).after(helpers);
  }

  // Show times in the reader's time zone.
  const local = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
  for (const time of document.querySelectorAll('time[datetime]')) {
    time.title = time.textContent;
    time.textContent = local.format(new Date(time.dateTime));
  }
}());
