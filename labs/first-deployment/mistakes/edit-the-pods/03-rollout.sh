kubectl set env pods -l app=web MESSAGE='second edition'
