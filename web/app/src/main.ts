import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { i18n } from './i18n/index.svelte';

await i18n.start();
mount(App, { target: document.getElementById('app')! });
