// The strike form: asks to confirm a zero only where one is typed. The form works without it.
(() => {
  const form = document.querySelector("[data-report]");
  if (!form) return;
  const zero = form.querySelector("[data-zero]");
  const present = form.elements.students_present;
  const show = () => {
    zero.hidden = !/^\s*0+\s*$/.test(present.value);
  };
  present.addEventListener("input", show);
  show();
})();
