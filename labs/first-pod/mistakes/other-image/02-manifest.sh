kubectl run web --image=nginx:1.25 --port=80 --labels=app=web,tier=frontend
